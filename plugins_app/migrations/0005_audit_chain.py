"""The audit trail becomes a chain, and the database refuses to change or remove what it holds.
What is there already is chained in the order in which it was written.
"""

from django.db import migrations, models

import plugins_app.models.audit_chain
from plugins_app.models.audit_chain import FIELDS, START, digest
from plugins_app.models.audit_guards import guard, unguard

BATCH = 1_000


def chain(apps, schema_editor):
    AuditEvent = apps.get_model('plugins_app', 'AuditEvent')
    head = apps.get_model('plugins_app', 'AuditHead')(id=1, event=0, hash=START, count=0)
    while events := list(AuditEvent.objects.filter(id__gt=head.event).order_by('id')[:BATCH]):
        for event in events:
            event.previous = head.hash
            event.hash = digest({name: getattr(event, name) for name in FIELDS}, head.hash)
            head.event, head.hash, head.count = event.id, event.hash, head.count + 1
        AuditEvent.objects.bulk_update(events, ['previous', 'hash'])
    head.save()


def nothing(apps, schema_editor):
    pass


def close(apps, schema_editor):
    for statement in guard(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def open_again(apps, schema_editor):
    for statement in unguard(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('plugins_app', '0004_daily_partitions'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditHead',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('event', models.BigIntegerField(default=0, help_text='The newest event.')),
                ('hash', models.CharField(default=plugins_app.models.audit_chain.START, help_text='Its hash.', max_length=64)),
                ('count', models.BigIntegerField(default=0, help_text='Events written until now.')),
            ],
            options={
                'verbose_name': 'audit head',
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='audit_head_single')],
            },
        ),
        migrations.AddField('auditevent', 'previous', models.CharField(default='', help_text='Hash of the event before.', max_length=64), preserve_default=False),
        migrations.AddField('auditevent', 'hash', models.CharField(default='', help_text='SHA-256 over this event and `previous`.', max_length=64), preserve_default=False),
        migrations.AlterField('auditevent', 'id', models.BigIntegerField(editable=False, primary_key=True, serialize=False)),
        migrations.AlterField('auditevent', 'at', models.DateTimeField(db_index=True, editable=False)),
        migrations.AlterField('auditevent', 'action', models.CharField(max_length=40)),
        migrations.AlterField('auditevent', 'object', models.CharField(max_length=160)),
        migrations.AddIndex('auditevent', models.Index(fields=['object', '-id'], name='audit_by_object')),
        migrations.AddIndex('auditevent', models.Index(fields=['action', '-id'], name='audit_by_action')),
        migrations.AddIndex('auditevent', models.Index(fields=['actor', '-id'], name='audit_by_actor')),
        migrations.AddIndex('auditevent', models.Index(fields=['request_id', '-id'], name='audit_by_request')),
        migrations.RunPython(chain, nothing),
        migrations.RunPython(close, open_again),
    ]
