"""The law of folding: the folded layers give the rows that the operations give one by one, and nearly always one
layer does."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from projections.rows import Add, Delete, Key, RowOp, Update, Upsert, fold

DEFAULTS = {"a": 0, "b": 0, "c": 0, "at": None}
Rows = dict[tuple[str, Key], dict[str, Any]]

numbers = st.integers(-9, 9)
where = st.tuples(st.sampled_from(["t", "u"]), st.tuples(st.integers(0, 2)))
some = st.dictionaries(st.sampled_from(["a", "b", "c"]), numbers, min_size=1)
ops = st.one_of(
    st.builds(lambda w, v: Upsert(*w, v), where, some),
    st.builds(lambda w, v: Update(*w, v), where, some),
    st.builds(lambda w: Delete(*w), where),
    st.builds(
        lambda w, v, g: Add(*w, v, g),
        where,
        some,
        st.dictionaries(st.just("at"), st.integers(0, 9)),
    ),
)


def apply(rows: Rows, op: RowOp) -> None:
    """What the SQL does, in plain words."""
    row = (op.table, op.key)
    match op:
        case Upsert():
            rows[row] = {**rows.get(row, DEFAULTS), **op.values}
        case Update():
            if row in rows:
                rows[row] = {**rows[row], **op.values}
        case Delete():
            rows.pop(row, None)
        case Add():
            old = rows.get(row, DEFAULTS)
            sums = {name: old[name] + value for name, value in op.sums.items()}
            highest = {n: max(v, old[n]) if old[n] is not None else v for n, v in op.greatest.items()}
            rows[row] = {**old, **sums, **highest}


def apply_all(before: Rows, operations: list[RowOp]) -> Rows:
    rows = dict(before)
    for op in operations:
        apply(rows, op)
    return rows


@given(
    before=st.dictionaries(
        where, st.fixed_dictionaries({"a": numbers, "b": numbers, "c": numbers, "at": numbers})
    ),
    operations=st.lists(ops, max_size=30),
)
def test_folded_operations_give_the_same_rows(before: Rows, operations: list[RowOp]) -> None:
    layers = fold(operations)

    folded = [op for layer in layers for op in layer.values()]
    assert apply_all(before, folded) == apply_all(before, operations)
    assert all((op.table, op.key) == row for layer in layers for row, op in layer.items())


@given(st.lists(st.builds(lambda w, v: Add(*w, v), where, some), max_size=30), st.randoms())
def test_sums_are_one_layer_in_whatever_order(operations: list[RowOp], random: Any) -> None:
    shuffled = list(operations)
    random.shuffle(shuffled)

    assert len(fold(operations)) == 1
    assert apply_all({}, shuffled) == apply_all({}, operations)


def test_a_room_that_hears_many_messages_is_updated_once() -> None:
    said = [Update("rooms", (1,), {"last_seq": seq}) for seq in range(1, 50)]

    assert fold(said) == [{("rooms", (1,)): Update("rooms", (1,), {"last_seq": 49})}]


def test_a_row_deleted_and_made_again_takes_a_second_layer() -> None:
    operations: list[RowOp] = [Delete("members", (1,)), Upsert("members", (1,), {"a": 1})]

    assert [list(layer.values()) for layer in fold(operations)] == [[operations[0]], [operations[1]]]
