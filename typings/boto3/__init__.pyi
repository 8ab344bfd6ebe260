# boto3 ships no types. What Powiernik uses of it.
from boto3 import session as session
