"""The subcommands of `yeon log`, by what they are for."""
