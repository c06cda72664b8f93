import tradingdesk.kernel.fields
from django.db import migrations, models

# Until now every order was filled whole, so its only fill took what the freeze says was captured. By the owner: nobody else can take the guard away.
CAPTURED = """
ALTER TABLE orders_fill DISABLE TRIGGER USER;
UPDATE orders_fill f SET captured_margin = z.captured_margin, captured_fee = z.captured_fee FROM accounts_freeze z WHERE z.order_id = f.order_id;
ALTER TABLE orders_fill ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0002_facts_belong_together'),
        ('accounts', '0003_rules'),
    ]

    operations = [
        migrations.AddField(
            model_name='fill',
            name='captured_fee',
            field=tradingdesk.kernel.fields.MoneyField(decimal_places=2, default=0, max_digits=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='fill',
            name='captured_margin',
            field=tradingdesk.kernel.fields.MoneyField(decimal_places=2, default=0, help_text="Its share of the order's freeze, which it took with it", max_digits=20),
            preserve_default=False,
        ),
        migrations.RunSQL(CAPTURED, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='order',
            name='reason',
            field=models.CharField(blank=True, choices=[('ACCOUNT_NOT_ACTIVE', 'The account is not active'), ('NOT_IN_SESSION', 'The market is closed'), ('STALE_QUOTE', 'There is no fresh quote'), ('OFF_TICK', 'The price is off the tick'), ('OUTSIDE_PRICE_LIMITS', 'The price is outside the allowed range'), ('QTY_INVALID', 'The quantity is not valid'), ('QTY_OVER_MAXIMUM', 'The quantity is above the maximum'), ('QTY_NOT_MULTIPLE', 'The quantity is not a multiple of the step'), ('POSITION_LIMIT', 'The position limit would be exceeded'), ('CLOSABLE_EXCEEDED', 'More than is open to close'), ('INSUFFICIENT_FUNDS', 'Not enough available funds'), ('DUPLICATE_ID', 'The client order id was used before'), ('NOT_RECORDED', 'The order could not be recorded; nothing was changed'), ('NOT_FILLABLE', 'Could not be filled now'), ('BY_CLIENT', 'Canceled by the client'), ('BY_DESK', 'Canceled by the desk')], max_length=32),
        ),
    ]
