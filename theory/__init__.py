"""The theory, exact: sympy expressions without floats. Start with :class:`theory.core.loop.ReducedLoop`."""
