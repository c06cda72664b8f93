import django.core.validators
import tradingdesk.kernel.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('quotes', '0002_tick_table'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='marginschedule',
            name='quotes_marginschedule_not_negative',
        ),
        migrations.AddField(
            model_name='historicalinstrument',
            name='close_order',
            field=models.CharField(choices=[('FIFO', 'Oldest first'), ('TODAY_FIRST', 'Those opened today first')], default='FIFO', help_text='Which lots a close takes', max_length=16),
        ),
        migrations.AddField(
            model_name='historicalinstrument',
            name='fee_age',
            field=models.CharField(choices=[('FIFO', 'Oldest first'), ('TODAY_FIRST', 'Those opened today first')], default='FIFO', help_text='Which lots a close is charged as', max_length=16),
        ),
        migrations.AddField(
            model_name='historicalinstrument',
            name='product',
            field=models.CharField(blank=True, help_text='Groups the months of one product for larger-side margin; empty: the symbol', max_length=32),
        ),
        migrations.AddField(
            model_name='historicallisting',
            name='quote_quantity',
            field=tradingdesk.kernel.fields.QuantityField(blank=True, decimal_places=4, help_text='Lots each order gets of one quote; what is left waits for the next. Empty: any number', max_digits=20, null=True),
        ),
        migrations.AddField(
            model_name='historicalmarginschedule',
            name='is_larger_side',
            field=models.BooleanField(default=False, help_text="Of a product's months together the larger side is charged, not both (rules/futures.md §5.4)"),
        ),
        migrations.AddField(
            model_name='historicalmarginschedule',
            name='maintenance_per_lot',
            field=tradingdesk.kernel.fields.MoneyField(decimal_places=2, default=0, help_text='What must be left of it at settlement, US-style; 0: no such call', max_digits=20, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AddField(
            model_name='instrument',
            name='close_order',
            field=models.CharField(choices=[('FIFO', 'Oldest first'), ('TODAY_FIRST', 'Those opened today first')], default='FIFO', help_text='Which lots a close takes', max_length=16),
        ),
        migrations.AddField(
            model_name='instrument',
            name='fee_age',
            field=models.CharField(choices=[('FIFO', 'Oldest first'), ('TODAY_FIRST', 'Those opened today first')], default='FIFO', help_text='Which lots a close is charged as', max_length=16),
        ),
        migrations.AddField(
            model_name='instrument',
            name='product',
            field=models.CharField(blank=True, help_text='Groups the months of one product for larger-side margin; empty: the symbol', max_length=32),
        ),
        migrations.AddField(
            model_name='latestquote',
            name='day_turnover',
            field=models.DecimalField(db_default=0, decimal_places=10, default=0, help_text='Sum of price × lots of the same trades', max_digits=38),
        ),
        migrations.AddField(
            model_name='latestquote',
            name='day_volume',
            field=tradingdesk.kernel.fields.QuantityField(db_default=0, decimal_places=4, default=0, help_text="Lots traded on the feed's tape since the trading day began", max_digits=20),
        ),
        migrations.AddField(
            model_name='listing',
            name='quote_quantity',
            field=tradingdesk.kernel.fields.QuantityField(blank=True, decimal_places=4, help_text='Lots each order gets of one quote; what is left waits for the next. Empty: any number', max_digits=20, null=True),
        ),
        migrations.AddField(
            model_name='marginschedule',
            name='is_larger_side',
            field=models.BooleanField(default=False, help_text="Of a product's months together the larger side is charged, not both (rules/futures.md §5.4)"),
        ),
        migrations.AddField(
            model_name='marginschedule',
            name='maintenance_per_lot',
            field=tradingdesk.kernel.fields.MoneyField(decimal_places=2, default=0, help_text='What must be left of it at settlement, US-style; 0: no such call', max_digits=20, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AddField(
            model_name='market',
            name='script_time',
            field=models.DateTimeField(blank=True, editable=False, help_text='How far a market with the clock SCRIPT has come; never goes back', null=True),
        ),
        migrations.AlterField(
            model_name='historicalinstrument',
            name='margin_basis',
            field=models.CharField(choices=[('ORDER_PRICE', 'Order price, then trade price'), ('PREVIOUS_SETTLEMENT', 'Previous settlement'), ('LAST', 'Last price'), ('AVERAGE', "The day's average price")], default='ORDER_PRICE', max_length=24),
        ),
        migrations.AlterField(
            model_name='historicalmarket',
            name='clock',
            field=models.CharField(choices=[('WALL', 'Wall clock'), ('FEED', 'Time of its newest tick (recorded days)'), ('SCRIPT', 'Time its script has reached')], default='WALL', max_length=8),
        ),
        migrations.AlterField(
            model_name='instrument',
            name='margin_basis',
            field=models.CharField(choices=[('ORDER_PRICE', 'Order price, then trade price'), ('PREVIOUS_SETTLEMENT', 'Previous settlement'), ('LAST', 'Last price'), ('AVERAGE', "The day's average price")], default='ORDER_PRICE', max_length=24),
        ),
        migrations.AlterField(
            model_name='market',
            name='clock',
            field=models.CharField(choices=[('WALL', 'Wall clock'), ('FEED', 'Time of its newest tick (recorded days)'), ('SCRIPT', 'Time its script has reached')], default='WALL', max_length=8),
        ),
        migrations.AlterField(
            model_name='settlementprice',
            name='method',
            field=models.CharField(choices=[('LAST_MID', "Middle of the day's last quote"), ('PREVIOUS', 'Previous settlement, no quote that day'), ('GIVEN', 'Given by the desk')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='listing',
            constraint=models.CheckConstraint(condition=models.Q(('quote_quantity__isnull', True), ('quote_quantity__gt', 0), _connector='OR'), name='quotes_listing_quote_quantity_positive'),
        ),
        migrations.AddConstraint(
            model_name='marginschedule',
            constraint=models.CheckConstraint(condition=models.Q(('maintenance_per_lot__gte', 0), ('per_lot__gte', 0), ('rate__gte', 0)), name='quotes_marginschedule_not_negative'),
        ),
    ]
