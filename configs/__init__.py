"""Training configurations, one commented TOML file each."""
