"""`alongside serve`: the tool behind gunicorn."""

import click

from lti_tool.cli.parts import command_parts


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option(
    "--threads", default=4, show_default=True, type=click.IntRange(1, 64), help="Threads a process."
)
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the tool to browsers and LMSs.

    In development the tables are made and migrated at the start; in production run `alongside db upgrade` first.
    """
    from lti_tool import migrations, server
    from lti_tool.logs import configure_logs

    given = command_parts()
    configure_logs(given.settings)
    engine = given.database.engine
    if not migrations.is_at_head(engine):
        if given.settings.is_production:
            raise click.ClickException("the tables are not those of this version; run: alongside db upgrade")
        migrations.upgrade(engine)
    for warning in given.settings.warnings:
        click.echo(f"warning: {warning}", err=True)
    server.first_start(given)
    given.database.close()  # connections must not be shared with the processes forked from here
    server.run(given.settings, host, port, workers, threads)
