"""The symbol table: one letter, one symbol."""

import pytest
from sympy import Symbol

from theory import symbols
from theory.core.loop import ReducedLoop
from theory.symbols import OVERLAPS, TABLE, matrix_symbols


def test_every_letter_is_listed_under_its_own_name_with_a_meaning():
    for name, entry in TABLE.items():
        assert entry.symbol.name == name
        assert entry.meaning
        assert entry.unit


def test_no_two_letters_print_alike():
    printed = [entry.latex for entry in TABLE.values()]
    assert len(set(printed)) == len(printed)


def test_table_holds_every_letter_the_module_exports():
    exported = {value for value in vars(symbols).values() if isinstance(value, Symbol)}
    assert exported == {entry.symbol for entry in TABLE.values()}


def test_rank_one_loop_uses_the_table():
    assert ReducedLoop().overlaps.flat == OVERLAPS
    assert ReducedLoop().matrix.free_symbols == set(OVERLAPS)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 2), (10, 10), (2, 15), (12, 12)])
def test_entries_of_a_matrix_are_different_symbols(shape):
    assert len(matrix_symbols("x", *shape).free_symbols) == shape[0] * shape[1]


@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_symmetric_matrix_repeats_the_upper_triangle(size):
    matrix = matrix_symbols("g", size, size, symmetric=True)
    assert matrix == matrix.T
    assert len(matrix.free_symbols) == size * (size + 1) // 2


def test_entries_are_real():
    assert all(symbol.is_real for symbol in matrix_symbols("x", 2, 2))
