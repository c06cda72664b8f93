"""Abstract bases. `append_only` is read by `kernel.guards`: those tables get no UPDATE, DELETE or TRUNCATE, by grant and by trigger."""

from typing import ClassVar

from django.db import models


class AppendOnlyModel(models.Model):
    """Rows that are written once and never change; corrections are new rows."""

    append_only: ClassVar[bool] = True

    class Meta:
        abstract = True
