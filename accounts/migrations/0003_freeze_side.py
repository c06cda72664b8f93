from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_initial")]

    operations = [
        migrations.RemoveField(model_name="freeze", name="closing_side"),
        migrations.AddField(
            model_name="freeze",
            name="side",
            field=models.CharField(choices=[("LONG", "Long"), ("SHORT", "Short")], max_length=8, default="LONG"),
            preserve_default=False,
        ),
        migrations.AddField(model_name="freeze", name="is_closing", field=models.BooleanField(default=False), preserve_default=False),
    ]
