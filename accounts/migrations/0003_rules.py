import django.db.models.deletion
import django.db.models.expressions
import tradingdesk.kernel.fields
from django.db import migrations, models

# Append-only rows are numbered here once, by the owner: nobody else can take the guard away for a moment.
NUMBER_LINES = """
ALTER TABLE accounts_entry DISABLE TRIGGER USER;
UPDATE accounts_entry e SET line = n.line
FROM (SELECT id, row_number() OVER (PARTITION BY journal_id ORDER BY id) - 1 AS line FROM accounts_entry) n WHERE n.id = e.id AND n.line <> 0;
ALTER TABLE accounts_entry ENABLE TRIGGER USER;
"""
GROSS_MARGIN = "UPDATE accounts_freeze SET gross_margin = margin"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_initial'),
        ('quotes', '0003_rules'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='accountday',
            name='accounts_accountday_adds_up',
        ),
        migrations.RemoveConstraint(
            model_name='lot',
            name='accounts_lot_remainder',
        ),
        migrations.AddField(
            model_name='accountday',
            name='compensation',
            field=tradingdesk.kernel.fields.MoneyField(db_default=0, decimal_places=2, default=0, help_text='Deficit that the house wrote off', max_digits=20),
        ),
        migrations.AddField(
            model_name='accountday',
            name='margin_call',
            field=tradingdesk.kernel.fields.MoneyField(db_default=0, decimal_places=2, default=0, max_digits=20),
        ),
        migrations.AddField(
            model_name='entry',
            name='line',
            field=models.PositiveIntegerField(default=0, help_text='Place in the journal, from 0'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='freeze',
            name='gross_margin',
            field=tradingdesk.kernel.fields.MoneyField(db_default=0, decimal_places=2, default=0, help_text="What the order's lots are margined at by themselves; with larger-side margin less may be frozen", max_digits=20),
        ),
        migrations.RunSQL(NUMBER_LINES, migrations.RunSQL.noop),
        migrations.RunSQL(GROSS_MARGIN, migrations.RunSQL.noop),
        migrations.AddField(
            model_name='freeze',
            name='margin_group',
            field=models.CharField(blank=True, db_default='', default='', help_text='Product whose larger side is charged; empty: both sides are', max_length=32),
        ),
        migrations.AddField(
            model_name='historicalrisktier',
            name='deficit',
            field=models.CharField(choices=[('OWED', 'The client owes it'), ('WRITTEN_OFF', 'The house writes it off at settlement')], default='OWED', help_text='A negative balance with nothing open', max_length=16),
        ),
        migrations.AddField(
            model_name='historicalrisktier',
            name='variation_call',
            field=models.CharField(choices=[('NONE', 'No: called when equity is below margin'), ('INITIAL', 'Up to initial margin'), ('MAINTENANCE', 'Up to maintenance margin')], default='NONE', help_text='US-style call at settlement', max_length=16),
        ),
        migrations.AddField(
            model_name='journal',
            name='first_line',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='lot',
            name='charged_today',
            field=tradingdesk.kernel.fields.QuantityField(db_default=0, decimal_places=4, default=0, help_text='Of what was opened: closes that were charged at the close-today rate against this lot (fee age)', max_digits=20),
        ),
        migrations.AddField(
            model_name='lot',
            name='margin_group',
            field=models.CharField(blank=True, db_default='', default='', help_text='Product whose larger side is charged; empty: both sides are', max_length=32),
        ),
        migrations.AddField(
            model_name='risktier',
            name='deficit',
            field=models.CharField(choices=[('OWED', 'The client owes it'), ('WRITTEN_OFF', 'The house writes it off at settlement')], default='OWED', help_text='A negative balance with nothing open', max_length=16),
        ),
        migrations.AddField(
            model_name='risktier',
            name='variation_call',
            field=models.CharField(choices=[('NONE', 'No: called when equity is below margin'), ('INITIAL', 'Up to initial margin'), ('MAINTENANCE', 'Up to maintenance margin')], default='NONE', help_text='US-style call at settlement', max_length=16),
        ),
        migrations.AlterField(
            model_name='entry',
            name='journal',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='accounts.journal'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('CASH', 'Cash in or out'), ('REALISED_PNL', 'Realised P&L'), ('HOLDING_PNL', 'P&L of lots held, marked at settlement'), ('FEE', 'Trading fee'), ('OVERNIGHT_FEE', 'Overnight fee'), ('COMPENSATION', 'Deficit written off')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='accountday',
            constraint=models.CheckConstraint(condition=models.Q(('closing_balance', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('opening_balance'), '+', models.F('cash')), '+', models.F('realised_pnl')), '+', models.F('holding_pnl')), '-', models.F('fees')), '+', models.F('compensation')))), name='accounts_accountday_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(fields=('journal', 'line'), name='accounts_entry_line'),
        ),
        migrations.AddConstraint(
            model_name='journal',
            constraint=models.CheckConstraint(condition=models.Q(('first_line', 0)), name='accounts_journal_first_line'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(('margin__gte', 0), ('quantity__gte', 0), ('quantity__lte', models.F('opened_quantity')), ('charged_today__gte', 0), ('charged_today__lte', models.F('opened_quantity')), models.Q(('quantity__gt', 0), ('margin', 0), _connector='OR')), name='accounts_lot_remainder'),
        ),
    ]
