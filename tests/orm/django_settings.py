"""Settings of Django's own tests, for a server at ORM_HOST and ORM_PORT."""

import os


def database(name):
    return {
        "ENGINE": "django.db.backends.mysql",
        "HOST": os.environ["ORM_HOST"],
        "PORT": os.environ["ORM_PORT"],
        "USER": "root",
        "PASSWORD": "",
        "NAME": name,
        "TEST": {"NAME": "orm_" + name, "CHARSET": "utf8mb4"},
        "OPTIONS": {"charset": "utf8mb4"},
    }


DATABASES = {"default": database("default"), "other": database("other")}
SECRET_KEY = "only for tests"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
