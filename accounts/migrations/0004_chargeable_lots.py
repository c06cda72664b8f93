from django.db import migrations, models

# Until now a close was charged by the age of the lots it took: what is closed of a lot was charged against it.
CHARGED = "UPDATE accounts_lot SET charged_today = opened_quantity - quantity WHERE quantity < opened_quantity"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_rules'),
    ]

    operations = [
        migrations.RunSQL(CHARGED, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='lot',
            index=models.Index(condition=models.Q(('charged_today__lt', models.F('opened_quantity')), ('quantity', 0)), fields=['account', 'trading_day'], name='accounts_lot_chargeable'),
        ),
    ]
