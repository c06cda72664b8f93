import tradingdesk.kernel.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('quotes', '0003_rules'),
    ]

    operations = [
        migrations.AlterField(
            model_name='settlementprice',
            name='method',
            field=models.CharField(choices=[('LAST_MID', "Middle of the day's last quote"), ('PREVIOUS', 'Previous settlement, no quote that day'), ('GIVEN', 'Given by the desk'), ('NONE', 'None that day: lots keep their basis')], max_length=16),
        ),
        migrations.AlterField(
            model_name='settlementprice',
            name='price',
            field=tradingdesk.kernel.fields.PriceField(decimal_places=6, max_digits=20, null=True),
        ),
        migrations.AddConstraint(
            model_name='settlementprice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('price__gt', 0), models.Q(('method', 'NONE'), _negated=True)), models.Q(('method', 'NONE'), ('price', None)), _connector='OR'), name='quotes_settlementprice_or_none'),
        ),
    ]
