import django.db.models.deletion
import tradingdesk.kernel.fields
from django.conf import settings
from django.db import migrations, models

# No fill without its five steps: the last one is there when the transaction ends, and the events' guard demands those before it.
LAST_STEP = """
ALTER TABLE orders_fill ADD CONSTRAINT orders_fill_walked_its_steps FOREIGN KEY (order_id, id, last_step) REFERENCES orders_orderevent (order_id, fill_id, step)
DEFERRABLE INITIALLY DEFERRED"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_nothing_is_half'),
        ('orders', '0003_captures'),
        ('quotes', '0005_history_of_every_write'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='fill',
            name='last_step',
            field=models.CharField(db_default='SETTLED', default='SETTLED', max_length=12),
        ),
        migrations.AddConstraint(
            model_name='fill',
            constraint=models.CheckConstraint(condition=models.Q(('last_step', 'SETTLED')), name='orders_fill_last_step'),
        ),
        migrations.AddConstraint(
            model_name='orderevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ('PLACED',)), ('step', 'PLACED')), models.Q(('status__in', ('FROZEN',)), ('step', 'FROZEN')), models.Q(('status__in', ('WORKING',)), ('step', 'RESTED')), models.Q(('status__in', ('CANCELED',)), ('step', 'CANCELED')), models.Q(('status__in', ('EXPIRED',)), ('step', 'EXPIRED')), models.Q(('status__in', ('DENIED',)), ('step', 'DENIED')), models.Q(('status__in', ('FROZEN', 'WORKING', 'PARTIALLY_FILLED')), ('step', 'MATCHED')), models.Q(('status__in', ('PARTIALLY_FILLED', 'FILLED')), ('step', 'FILLED')), models.Q(('status__in', ('PARTIALLY_FILLED', 'FILLED')), ('step', 'RELEASED')), models.Q(('status__in', ('PARTIALLY_FILLED', 'FILLED')), ('step', 'POSITIONED')), models.Q(('status__in', ('PARTIALLY_FILLED', 'FILLED')), ('step', 'SETTLED')), _connector='OR'), name='orders_orderevent_status'),
        ),
        migrations.RunSQL(LAST_STEP, "ALTER TABLE orders_fill DROP CONSTRAINT orders_fill_walked_its_steps"),
        migrations.AlterField(
            model_name='orderevent',
            name='fill',
            field=tradingdesk.kernel.fields.ImpliedKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='orders.fill'),
        ),
        migrations.AlterField(
            model_name='orderevent',
            name='order',
            field=tradingdesk.kernel.fields.ImpliedKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='orders.order'),
        ),
    ]
