# botocore ships no types. What Powiernik uses of it.
