"""What applications do through SQLAlchemy and Django: orm.py HOST:PORT DATABASE (which is made anew); runs against MySQL 9.7 as it is.

SQLAlchemy: tables with foreign keys, checks and JSON, units of work, savepoints, eager loading, reflection, ALTERs as Alembic writes them.
Django: all migrations of its own applications, then users, groups, permissions and sessions.
"""

import sys

import pymysql
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

HOST, PORT = sys.argv[1].rsplit(":", 1)
NAME = sys.argv[2]


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    facts: Mapped[dict] = mapped_column(JSON, default=dict)
    books: Mapped[list["Book"]] = relationship(back_populates="author", cascade="all, delete-orphan", passive_deletes=True)


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    pages: Mapped[int] = mapped_column(Integer)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id", ondelete="CASCADE", name="book_author"))
    author: Mapped[Author] = relationship(back_populates="books")
    __table_args__ = (
        CheckConstraint("pages > 0", name="book_has_pages"),
        UniqueConstraint("author_id", "title", name="book_of_author"),
        Index("book_pages", "pages"),
    )


def refused(kinds, work):
    try:
        work()
    except kinds:
        return
    raise AssertionError("not refused")


def units_of_work(engine):
    with Session(engine) as session:
        ada = Author(name="Ada", facts={"born": 1815, "tags": ["a", None]})
        ada.books = [Book(title="Notes", pages=65), Book(title="Letters", pages=200)]
        session.add_all([ada, Author(name="Grace", books=[Book(title="Compilers", pages=99)])])
        session.commit()
    with Session(engine) as session:
        authors = session.scalars(select(Author).options(selectinload(Author.books)).order_by(Author.name)).all()
        assert [(a.name, sorted(b.title for b in a.books)) for a in authors] == [("Ada", ["Letters", "Notes"]), ("Grace", ["Compilers"])]
        born = select(Author.name).where(Author.facts["born"].as_integer() == 1815)
        assert session.scalars(born).all() == ["Ada"]
        pages = select(Author.name, func.sum(Book.pages)).join(Author.books).group_by(Author.name).order_by(Author.name)
        assert [(name, int(count)) for name, count in session.execute(pages)] == [("Ada", 265), ("Grace", 99)]
        with session.begin_nested() as nested:
            session.add(Author(name="Nobody"))
            session.flush()
            nested.rollback()
        assert session.scalar(select(func.count()).select_from(Author)) == 2
        upsert = insert(Author).values(name="Ada", facts={"born": 1}).on_duplicate_key_update(facts={"born": 1816})
        session.execute(upsert)
        session.commit()
        assert session.scalars(select(Author.facts).where(Author.name == "Ada")).one() == {"born": 1816}
    for bad in (Book(title="None", pages=0, author_id=1), Book(title="Orphan", pages=1, author_id=99), Author(name="Ada")):
        with Session(engine) as session:
            session.add(bad)
            refused((IntegrityError, OperationalError), session.commit)
    with Session(engine) as session:
        session.delete(session.scalars(select(Author).where(Author.name == "Ada")).one())
        session.commit()
        assert session.scalars(select(Book.title)).all() == ["Compilers"]


def reflection(engine):
    seen = inspect(engine)
    assert sorted(seen.get_table_names()) == ["author", "book"]
    key = seen.get_foreign_keys("book")[0]
    assert (key["name"], key["referred_table"], key["options"]) == ("book_author", "author", {"ondelete": "CASCADE"})
    assert [check["name"] for check in seen.get_check_constraints("book")] == ["book_has_pages"]
    assert {index["name"] for index in seen.get_indexes("book")} >= {"book_pages", "book_of_author"}


def alters(engine):
    """As Alembic's operations are written on MySQL."""
    with engine.begin() as connection:
        for statement in (
            "ALTER TABLE book ADD COLUMN price NUMERIC(8, 2) NOT NULL DEFAULT 1",
            "ALTER TABLE book ADD CONSTRAINT book_price CHECK (price >= 0)",
            "ALTER TABLE book MODIFY title VARCHAR(120) NOT NULL",
            "ALTER TABLE book DROP FOREIGN KEY book_author",
            "ALTER TABLE book CHANGE author_id writer_id INTEGER NOT NULL",
            "ALTER TABLE book ADD CONSTRAINT book_writer FOREIGN KEY(writer_id) REFERENCES author (id)",
            "ALTER TABLE book ADD COLUMN doubled NUMERIC(9, 2) GENERATED ALWAYS AS (price * 2) STORED",
            "CREATE INDEX book_lower ON book ((lower(title)))",
            "ALTER TABLE book DROP CHECK book_has_pages",
        ):
            connection.execute(text(statement))
        row = connection.execute(text("SELECT title, price, doubled FROM book WHERE lower(title) = 'compilers'")).one()
        assert (row[0], str(row[1]), str(row[2])) == ("Compilers", "1.00", "2.00"), row
    with Session(engine) as session:
        refused((IntegrityError, OperationalError), lambda: session.execute(text("UPDATE book SET price = -1")))
        session.rollback()
        refused(IntegrityError, lambda: session.execute(text("DELETE FROM author")))


def django():
    import django
    from django.conf import settings
    from django.core.management import call_command

    database = {"ENGINE": "django.db.backends.mysql", "HOST": HOST, "PORT": PORT, "USER": "root", "PASSWORD": "", "NAME": NAME}
    settings.configure(
        DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib." + name for name in ("auth", "contenttypes", "sessions", "sites", "redirects", "flatpages")],
        SITE_ID=1,
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    from django.contrib.auth.models import Group, Permission, User
    from django.db import IntegrityError as Refused
    from django.db import transaction

    editors = Group.objects.create(name="editors")
    editors.permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    for name in ("ada", "grace"):
        User.objects.create_user(name, password=name).groups.add(editors)
    assert User.objects.filter(groups__permissions__codename="add_user").distinct().count() == 2
    assert User.objects.get(username="ada").has_perm("auth.add_user")
    try:
        with transaction.atomic():
            User.objects.create_user("ada")
        raise AssertionError("not refused")
    except Refused:
        pass
    with transaction.atomic():
        User.objects.select_for_update().filter(username="grace").update(is_staff=True)
        User.objects.filter(username="ada").delete()
    assert list(User.objects.values_list("username", "is_staff")) == [("grace", True)]
    call_command("migrate", "auth", "0011", verbosity=0)
    call_command("migrate", verbosity=0)


def main():
    server = pymysql.connect(host=HOST, port=int(PORT), user="root", autocommit=True).cursor()
    server.execute(f"DROP DATABASE IF EXISTS {NAME}")
    server.execute(f"CREATE DATABASE {NAME}")
    engine = create_engine(f"mysql+pymysql://root@{HOST}:{PORT}/{NAME}?charset=utf8mb4")
    Base.metadata.create_all(engine)
    units_of_work(engine)
    reflection(engine)
    alters(engine)
    Base.metadata.drop_all(engine)
    engine.dispose()
    django()
    server.execute(f"DROP DATABASE {NAME}")


main()
