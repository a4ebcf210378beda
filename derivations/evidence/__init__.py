"""The runs on which claims and figures rest: gathered once for each validation, handed to whoever names them."""
