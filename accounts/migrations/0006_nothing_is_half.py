import tradingdesk.kernel.fields
import django.db.models.deletion
from django.db import migrations, models

# No journal without entries: its first line is there when the transaction ends.
FIRST_LINE = """
ALTER TABLE accounts_journal ADD CONSTRAINT accounts_journal_has_entries FOREIGN KEY (id, first_line) REFERENCES accounts_entry (journal_id, line)
DEFERRABLE INITIALLY DEFERRED"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_history_of_every_write'),
        ('quotes', '0005_history_of_every_write'),
    ]

    operations = [
        migrations.RunSQL("DROP FUNCTION IF EXISTS accounts_entry_balanced CASCADE", migrations.RunSQL.noop),  # accounts_entry_posted does more
        migrations.RunSQL(FIRST_LINE, "ALTER TABLE accounts_journal DROP CONSTRAINT accounts_journal_has_entries"),
        migrations.AddIndex(
            model_name='lotchange',
            index=models.Index(condition=models.Q(('fill_id__isnull', False)), fields=['fill_id'], name='accounts_lotchange_fill'),
        ),
        migrations.AddConstraint(
            model_name='journal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('fill_id__isnull', False), ('kind', 'FILL')), models.Q(models.Q(('kind', 'FILL'), _negated=True), ('fill_id__isnull', True)), _connector='OR'), name='accounts_journal_of_a_fill'),
        ),
        migrations.AddConstraint(
            model_name='lotchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('fill_id__isnull', False), ('kind', 'OPEN'), ('margin_change__gte', 0), ('quantity_change__gt', 0)), models.Q(('fill_id__isnull', False), ('kind', 'CLOSE'), ('margin_change__lte', 0), ('quantity_change__lt', 0)), models.Q(('fill_id__isnull', True), ('kind', 'MARK'), ('quantity_change', 0)), _connector='OR'), name='accounts_lotchange_kind'),
        ),
        migrations.AlterField(
            model_name='freeze',
            name='captured_fee',
            field=tradingdesk.kernel.fields.MoneyField(db_default=0, decimal_places=2, default=0, max_digits=20),
        ),
        migrations.AlterField(
            model_name='freeze',
            name='captured_margin',
            field=tradingdesk.kernel.fields.MoneyField(db_default=0, decimal_places=2, default=0, max_digits=20),
        ),
        migrations.AlterField(
            model_name='freeze',
            name='captured_quantity',
            field=tradingdesk.kernel.fields.QuantityField(db_default=0, decimal_places=4, default=0, max_digits=20),
        ),
        migrations.AlterField(
            model_name='freeze',
            name='released_fee',
            field=tradingdesk.kernel.fields.MoneyField(db_default=0, decimal_places=2, default=0, max_digits=20),
        ),
        migrations.AlterField(
            model_name='freeze',
            name='released_margin',
            field=tradingdesk.kernel.fields.MoneyField(db_default=0, decimal_places=2, default=0, max_digits=20),
        ),
        migrations.AlterField(
            model_name='freeze',
            name='released_quantity',
            field=tradingdesk.kernel.fields.QuantityField(db_default=0, decimal_places=4, default=0, max_digits=20),
        ),
        migrations.AlterField(
            model_name='entry',
            name='account',
            field=tradingdesk.kernel.fields.ImpliedKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='accounts.account'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='house_account',
            field=tradingdesk.kernel.fields.ImpliedKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='accounts.houseaccount'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='journal',
            field=tradingdesk.kernel.fields.ImpliedKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='accounts.journal'),
        ),
    ]
