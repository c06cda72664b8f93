from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("quotes", "0002_tick_table")]

    operations = [
        migrations.AddField(
            model_name="latestquote",
            name="leader_epoch",
            field=models.BigIntegerField(default=0, help_text="Raised by each process that takes the lead; an older one's ticks are refused"),
        ),
    ]
