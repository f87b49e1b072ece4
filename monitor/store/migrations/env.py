"""Alembic's way in: runs the steps on the connection it is handed, inside that connection's own transaction.

There is no configuration file and no connection made here, so that a step can only ever run where ``migrate`` says.
"""

from alembic import context

# Type changes and defaults are compared too where a test asks for the difference between the steps and the schema.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
