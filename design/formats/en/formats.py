"""How days, times and numbers are written wherever a template does not say: no "p.m.", no month first."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
MONTH_DAY_FORMAT = "j F"
YEAR_MONTH_FORMAT = "F Y"
# What `intcomma` puts between thousands.
THOUSAND_SEPARATOR = "\N{NARROW NO-BREAK SPACE}"
