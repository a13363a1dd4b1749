"""The review page: a web application for one machine and one person at a time, on 127.0.0.1."""
