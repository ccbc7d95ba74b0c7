import django.contrib.postgres.indexes
from django.db import migrations, models

# The keys that changes/path_keys.py tells of. Only what every PostgreSQL brings is called, so that it works
# under any search path, as a restore sets one.
PATH_KEYS = """
CREATE FUNCTION changes_path_keys(paths text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found text[] := '{}';
    path text;
    name text;
    suffix text;
    folder text;
    last text;
    part text;
    above text;
BEGIN
    FOREACH path IN ARRAY paths LOOP
        name := substring(path FROM '[^/]*$');
        folder := left(path, length(path) - length(name));
        IF folder IS DISTINCT FROM last THEN
            last := folder;
            above := '';
            FOREACH part IN ARRAY string_to_array(left(folder, -1), '/') LOOP
                IF strpos(part, '.') > 0 THEN
                    suffix := substring(part FROM '[.][^.]*$');
                    found := found || ARRAY[above || '*' || suffix, '*' || suffix];
                END IF;
                above := above || part || '/';
                found := found || ARRAY[above, '**/' || part || '/'];
            END LOOP;
        END IF;
        suffix := substring(name FROM '[.][^.]*$');
        IF suffix IS NULL THEN
            found := found || ARRAY[path, '**/' || name];
        ELSE
            found := found || ARRAY[folder || '*' || suffix, '*' || suffix];
        END IF;
    END LOOP;
    RETURN found;
END $$
"""
# What the keys hold is not sampled: it would double what ANALYZE of this table costs, and nothing asks for it.
NOT_SAMPLED = "ALTER INDEX change_path_keys ALTER COLUMN 1 SET STATISTICS 0"


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0019_review_submitted"),
        ("intake", "0004_feature_in_ledger"),
    ]

    operations = [
        migrations.RunSQL(PATH_KEYS, "DROP FUNCTION changes_path_keys(text[])"),
        migrations.RemoveIndex(model_name="change", name="change_paths"),
        migrations.AddIndex(
            model_name="change",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func("paths", function="changes_path_keys"), fastupdate=True, name="change_path_keys"
            ),
        ),
        migrations.RunSQL(NOT_SAMPLED, migrations.RunSQL.noop),
    ]
