"""The command ``closedloop``: options, screens, one module for each family of commands."""
