"""The static report: pages and tables over episodes, as files that open anywhere without a network."""
