"""The theory, exact: sympy expressions without floats. Start with :class:`theory.loop.ReducedLoop`."""
