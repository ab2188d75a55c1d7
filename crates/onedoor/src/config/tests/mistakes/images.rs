//! What can be said wrongly of an app's way into an image.

pub(super) const MISTAKES: &[(&str, &str)] = &[
    ("an_image_of_which_nothing_is_taken", "[apps.old]\nrun = \"/opt/old\"\nimage = \"acme/old:2\"\n"),
    ("a_copy_from_nowhere", "[apps.old]\nrun = \"/opt/old\"\ncopy = [\"/opt/old\"]\n"),
    (
        "an_image_and_a_dockerfile",
        "[apps.old]\nrun = \"/opt/old\"\nimage = \"acme/old:2\"\ncopy = \"/opt/old\"\nbuild = { dockerfile = \"old/Dockerfile\" }\n",
    ),
    (
        "steps_for_what_is_made_elsewhere",
        "[apps.old]\nrun = \"/opt/old\"\nimage = \"acme/old:2\"\ncopy = \"/opt/old\"\nbuild = { install = \"make\" }\n",
    ),
    (
        "a_copy_of_everything_and_of_what_lies_above",
        "[apps.old]\nrun = \"/opt/old\"\nimage = \"acme/old:2\"\ncopy = [\"/\", \"opt/old\", \"/opt/../etc\"]\n",
    ),
    (
        "an_image_with_a_scheme",
        "[apps.old]\nrun = \"/opt/old\"\nimage = \"docker://acme/old 2\"\ncopy = \"/opt/old\"\n",
    ),
    (
        "a_dockerfile_above",
        "[apps.old]\nrun = \"/opt/old\"\ncopy = \"/opt/old\"\nbuild = { dockerfile = \"../Dockerfile\" }\n",
    ),
    (
        "several_packages_in_one_text",
        "[apps.api]\nrun = \"node a.js\"\nbuild = { apt = \"libpq5 libxml2\" }\n",
    ),
    ("an_unknown_provider", "[apps.api]\nrun = \"node a.js\"\nbuild = { provider = \"nodejs\" }\n"),
    (
        "a_variable_of_a_build_with_a_dash",
        "[apps.api]\nrun = \"node a.js\"\n[apps.api.build]\nenv = { NODE-ENV = \"production\" }\n",
    ),
    (
        "a_secret_of_a_build_that_says_its_file",
        "[apps.api]\nrun = \"node a.js\"\n[apps.api.build]\nsecrets = { npmrc = \".npmrc\" }\n",
    ),
    (
        "commands_that_a_dockerfile_reads_otherwise",
        "[apps.api]\nrun = \"node a.js\"\n[apps.api.build]\nbefore = [\"...\", \"--mount=type=ssh git clone x\"]\ninstall = [\"...\", \"...\", \"\"]\nbuild = [\"make \\\\\", \"cat <<EOF\", \"a\\nb\", \"[\\\"make\\\"]\"]\n",
    ),
    ("a_start_with_an_open_quote", "[apps.api]\nrun = \"node a.js\"\nbuild = { start = \"node 'a.js\" }\n"),
    (
        "two_apps_that_build_one_folder_differently",
        "[apps.api]\nrun = \"node a.js\"\npath = \"/\"\nbuild = { version = \"22\" }\n[apps.worker]\nrun = \"node w.js\"\nbuild = { version = \"24\", apt = [\"curl\"] }\n",
    ),
];
