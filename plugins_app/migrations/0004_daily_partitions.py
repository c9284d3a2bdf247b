"""On PostgreSQL the log is partitioned by days; what it holds goes into the default partition,
from which the days that are still to come do not take anything.
"""

from django.db import migrations

LOG = "plugins_app_executionlog"
INDEXES = (
    f'CREATE INDEX execution_by_plugin ON {LOG} (plugin, id DESC)',
    f'CREATE INDEX execution_by_caller ON {LOG} (caller, id DESC)',
    f'CREATE INDEX execution_by_status ON {LOG} (status, id DESC)',
    f"CREATE INDEX execution_running ON {LOG} (lease_until) WHERE status = 'running'",
)


def divide(apps, schema_editor):
    """Ids compare by bytes: another collation would put them into other partitions."""
    remake(
        schema_editor,
        f'ALTER TABLE {LOG}_old ALTER id TYPE varchar(26) COLLATE "C"',
        f"CREATE TABLE {LOG} (LIKE {LOG}_old INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        " PARTITION BY RANGE (id)",
        f"CREATE TABLE {LOG}_default PARTITION OF {LOG} DEFAULT",
    )


def unite(apps, schema_editor):
    remake(
        schema_editor,
        f'CREATE TABLE {LOG} (LIKE {LOG}_old INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
    )


def remake(schema_editor, *creation):
    if schema_editor.connection.vendor != "postgresql":
        return
    for statement in (
        f"ALTER TABLE {LOG} RENAME TO {LOG}_old",
        *creation,
        f"INSERT INTO {LOG} SELECT * FROM {LOG}_old",
        f"DROP TABLE {LOG}_old",
        f"ALTER TABLE {LOG} ADD CONSTRAINT {LOG}_pkey PRIMARY KEY (id)",
        *INDEXES,
    ):
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('plugins_app', '0003_idempotency'),
    ]

    operations = [
        migrations.RunPython(divide, unite),
    ]
