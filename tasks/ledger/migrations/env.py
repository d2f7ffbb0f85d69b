"""Run the migrations on the connection that ``tasks.ledger.schema`` gives, in its transaction."""

from alembic import context

from tasks.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most things in place; Alembic then copies the table.
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
