"""However a row is written, it has exactly one more history row, and that row is what stands in the table (DESIGN §10)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.db.models import F, Model

from accounts.models import Account, RiskTier, User
from quotes.models import Market
from tests.factories.desk import Desk
from tests.kernel.histories import (
    CHANGE,
    another,
    columns,
    differences,
    kept,
    linked,
    linked_then,
    raw_delete,
    raw_insert,
    raw_update,
    row_of,
    versions,
)
from tradingdesk.kernel.history import historied_models
from tradingdesk.kernel.models import NeverDeletedModel

pytestmark = pytest.mark.django_db
Way = Callable[[Any], None]


def save(row: Any) -> None:
    for name, value in CHANGE[type(row)].items():
        setattr(row, name, value)
    row.save()


def save_some(row: Any) -> None:
    for name, value in CHANGE[type(row)].items():
        setattr(row, name, value)
    row.save(update_fields=list(CHANGE[type(row)]))


def update(row: Any) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(**CHANGE[type(row)])


def bulk_update(row: Any) -> None:
    for name, value in CHANGE[type(row)].items():
        setattr(row, name, value)
    type(row)._default_manager.bulk_update([row], list(CHANGE[type(row)]))


def upsert(row: Any) -> None:
    for name, value in CHANGE[type(row)].items():
        setattr(row, name, value)
    type(row)._default_manager.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=list(CHANGE[type(row)]))


def update_by_hand(row: Any) -> None:
    raw_update(row, CHANGE[type(row)])


def bulk_create(row: Any) -> None:
    type(row)._default_manager.bulk_create([row])


def create(row: Any) -> None:
    type(row)._default_manager.create(**{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key})


def delete(row: Any) -> None:
    row.delete()


def delete_set(row: Any) -> None:
    type(row)._default_manager.filter(pk=row.pk).delete()


@pytest.fixture(params=historied_models(), ids=lambda model: model._meta.label)
def model(request: Any) -> type[Model]:
    chosen: type[Model] = request.param
    return chosen


def each(*ways: Way) -> Iterator[Way]:
    """One way after the other, each as if it were the only one."""
    for way in ways:
        with transaction.atomic():
            yield way
            transaction.set_rollback(True)


def test_a_change_is_one_row_of_history(desk: Desk, model: type[Model]) -> None:
    row = row_of(model, desk)
    before = len(versions(model, row.pk))
    for way in each(save, save_some, update, bulk_update, upsert, update_by_hand):
        row.refresh_from_db()
        way(row)
        after = versions(model, row.pk)
        assert (len(after), after[-1].history_type) == (before + 1, "~"), way
        assert {name: getattr(after[-1], name) for name in CHANGE[model]} == CHANGE[model], way
        assert differences(row) == {}, way


def test_a_new_row_is_one_row_of_history(desk: Desk, model: type[Model]) -> None:
    new = another(row_of(model, desk))
    for way in each(raw_insert, create, bulk_create, Model.save):
        way(new)
        made = model._default_manager.order_by("pk").last()
        assert made is not None
        assert {name: getattr(made, name) for name in kept(model)[1:]} == {name: getattr(new, name) for name in kept(model)[1:]}, way
        assert [version.history_type for version in versions(model, made.pk)] == ["+"], way
        assert differences(made) == {}, way
        new.pk, new._state.adding = None, True


@pytest.mark.parametrize("model", [m for m in historied_models() if not issubclass(m, NeverDeletedModel)], ids=lambda m: m._meta.label)
def test_a_deleted_row_leaves_its_last_state(desk: Desk, model: type[Model]) -> None:
    row = another(row_of(model, desk))
    row.save()
    key, state = row.pk, {name: getattr(row, name) for name in kept(model)}
    for way in each(raw_delete, delete_set, delete):
        way(row)
        told = versions(model, key)
        assert [version.history_type for version in told] == ["+", "-"], way
        assert {name: getattr(told[-1], name) for name in kept(model)} == state, way
        assert not model._default_manager.filter(pk=key).exists()
        row.pk = key


def test_a_set_of_rows_has_a_row_of_history_each(desk: Desk) -> None:
    keys = [tier.pk for tier in RiskTier.objects.bulk_create(RiskTier(name=f"Tier {number}") for number in range(50))]
    RiskTier.objects.filter(pk__in=keys[:30]).update(margin_factor=F("margin_factor") + 1)
    RiskTier.objects.filter(pk__in=keys[:10]).delete()
    told = ["".join(version.history_type for version in versions(RiskTier, key)) for key in keys]
    assert told == ["+~-"] * 10 + ["+~"] * 20 + ["+"] * 20


def test_several_changes_in_one_transaction_are_as_many_rows_in_their_order(desk: Desk) -> None:
    with transaction.atomic():
        for number in range(2, 5):
            raw_update(desk.tier, {"margin_factor": number})
    told = versions(RiskTier, desk.tier.pk)
    assert [version.margin_factor for version in told[-3:]] == [2, 3, 4]
    assert len({version.history_date for version in told}) == len(told)


def test_a_write_that_changes_nothing_leaves_no_row(desk: Desk) -> None:
    before = len(versions(RiskTier, desk.tier.pk))
    desk.tier.save()
    RiskTier.objects.update(name=F("name"))
    RiskTier.objects.filter(pk=0).update(name="Nobody")
    assert len(versions(RiskTier, desk.tier.pk)) == before


def test_a_save_by_a_stale_copy_is_told_as_it_stands_in_the_table(desk: Desk) -> None:
    stale = RiskTier.objects.get(pk=desk.tier.pk)
    RiskTier.objects.filter(pk=desk.tier.pk).update(warning_level=130)
    stale.margin_factor = 3
    stale.save(update_fields=["margin_factor"])
    last = versions(RiskTier, desk.tier.pk)[-1]
    assert (last.margin_factor, last.warning_level) == (3, 130)
    assert differences(desk.tier) == {}


def test_what_is_rolled_back_leaves_no_history(desk: Desk) -> None:
    before = len(versions(RiskTier, desk.tier.pk))
    with transaction.atomic():
        update(desk.tier)
        desk.tier.name = "Other name"
        desk.tier.save()
        transaction.set_rollback(True)
    assert len(versions(RiskTier, desk.tier.pk)) == before
    assert differences(desk.tier) == {}


def test_a_new_password_is_noted_and_not_kept(desk: Desk) -> None:
    before = len(versions(User, desk.trader.pk))
    desk.trader.set_password("something long enough")
    desk.trader.save(update_fields=["password"])
    told = versions(User, desk.trader.pk)
    assert len(told) == before + 1
    assert desk.trader.password not in {str(value) for value in vars(told[-1]).values()}


def test_what_services_move_every_day_is_not_configuration(desk: Desk) -> None:
    before = len(versions(User, desk.trader.pk)), len(versions(Market, desk.market.pk))
    User.objects.update(last_login=desk.at)
    Market.objects.update(priced_through=desk.at.date())
    assert (len(versions(User, desk.trader.pk)), len(versions(Market, desk.market.pk))) == before


# -- links: an account's agents, a person's roles and permissions ----------------------------------------------------------------------------------


def link(row: Any, name: str, other: Any) -> None:
    """A link written by hand."""
    field = row._meta.get_field(name)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {field.m2m_db_table()} ({field.m2m_column_name()}, {field.m2m_reverse_name()}) VALUES (%s, %s)", [row.pk, other.pk]
        )


def relink(row: Any, name: str, other: Any) -> None:
    """Every link of a row, led elsewhere by hand."""
    field = row._meta.get_field(name)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {field.m2m_db_table()} SET {field.m2m_reverse_name()} = %s WHERE {field.m2m_column_name()} = %s", [other.pk, row.pk])


def unlink(row: Any, name: str) -> None:
    """Every link of a row, deleted by hand."""
    field = row._meta.get_field(name)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {field.m2m_db_table()} WHERE {field.m2m_column_name()} = %s", [row.pk])


LINKS = {"agents": (Account, User), "groups": (User, Group), "user_permissions": (User, Permission)}
LINKING: dict[str, tuple[Callable[[Any, str, Any, Any], None], Callable[[Any, Any], set[Any]]]] = {
    "add": (lambda row, name, _, new: getattr(row, name).add(new), lambda old, new: {old, new}),
    "remove": (lambda row, name, old, _: getattr(row, name).remove(old), lambda old, new: set()),
    "clear": (lambda row, name, old, _: getattr(row, name).clear(), lambda old, new: set()),
    "set to more": (lambda row, name, old, new: getattr(row, name).set([old, new]), lambda old, new: {old, new}),
    "set to none": (lambda row, name, old, new: getattr(row, name).set([]), lambda old, new: set()),
    "INSERT": (lambda row, name, _, new: link(row, name, new), lambda old, new: {old, new}),
    "UPDATE": (lambda row, name, _, new: relink(row, name, new), lambda old, new: {new}),
    "DELETE": (lambda row, name, *_: unlink(row, name), lambda old, new: set()),
}


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("way", LINKING)
def test_a_change_of_links_is_one_row_of_history_with_all_of_them(desk: Desk, name: str, way: str) -> None:
    # Given a row with one link
    model, other = LINKS[name]
    row = desk.account("0") if model is Account else User.objects.create_user("linked", password=None)
    old, new = other._default_manager.order_by("pk")[:2] if other is not User else (desk.trader, User.objects.create_user("new", password=None))
    getattr(row, name).set([old])
    before = len(versions(model, row.pk))
    act, expected = LINKING[way]
    # When its links change
    act(row, name, old, new)
    # Then there is one more version, and it has the links that are there
    told = versions(model, row.pk)
    field = model._meta.get_field(name)
    assert (len(told), told[-1].history_type) == (before + 1, "~")
    assert linked(row, name) == {thing.pk for thing in expected(old, new)} == linked_then(told[-1], field)
    assert linked_then(told[-2], field) == {old.pk}
    assert differences(row) == {}


def test_a_row_and_its_links_are_told_together_whichever_changes(desk: Desk) -> None:
    account = desk.account("0")
    account.agents.add(desk.trader)
    update(account)
    field = Account._meta.get_field("agents")
    assert [linked_then(version, field) for version in versions(Account, account.pk)] == [set(), {desk.trader.pk}, {desk.trader.pk}]


def test_links_that_come_before_their_row_are_told_with_it(desk: Desk) -> None:
    """Foreign keys are checked at commit, so a script may write in any order."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO accounts_user_groups (user_id, group_id) SELECT 987654, min(id) FROM auth_group RETURNING group_id")
        [(group,)] = cursor.fetchall()
        values = columns(another(desk.trader))
        names = ", ".join(values)
        cursor.execute(f"INSERT INTO accounts_user (id, {names}) VALUES (987654, {', '.join(['%s'] * len(values))})", list(values.values()))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    [told] = versions(User, 987654)
    assert linked_then(told, User._meta.get_field("groups")) == {group}
