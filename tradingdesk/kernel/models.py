"""Abstract bases, read by `kernel.guards`: what they promise is kept by grant and by trigger.

A model may also name `fixed_fields`: columns that never change once the row is there (whose it is, what it is of), whoever writes. And `derived_fields`:
columns that follow from append-only rows and that the database itself writes when those are inserted; desk_app may not.
"""

from typing import ClassVar

from django.db import models


class AppendOnlyModel(models.Model):
    """Rows that are written once and never change; corrections are new rows. No UPDATE, DELETE or TRUNCATE."""

    append_only: ClassVar[bool] = True

    class Meta:
        abstract = True


class NeverDeletedModel(models.Model):
    """Rows that are money or orders, or whose they are: they change, and stay. No DELETE or TRUNCATE."""

    never_deleted: ClassVar[bool] = True
    fixed_fields: ClassVar[tuple[str, ...]] = ()
    derived_fields: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True
