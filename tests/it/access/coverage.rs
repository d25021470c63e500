//! Nothing is served that the table of operations does not have: routes are taken from the server's own source, methods are tried
//! one by one, and whatever answers must be in the table and must be closed to those who may not.

use std::collections::BTreeSet;
use std::path::Path;

use http::Method;
use tests::harness::on_default;

use super::model;
use super::operations::OPERATIONS;

/// Where routes are named: every request below `/v2/` is one of these labels.
const ROUTES: &str = include_str!("../../../src/oci/path.rs");

const METHODS: &[&str] =
    &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "COPY", "LINK"];

/// The label under which the server counts what is no route.
const NO_ROUTE: &str = "/v2/other";

/// The labels in the source of the server.
fn labels() -> BTreeSet<String> {
    let label = |line: &str| Some(format!("/v2/{}", line.split_once("=> \"/v2/")?.1.split_once('"')?.0));
    ROUTES.lines().filter_map(label).collect()
}

fn path(label: &str) -> String {
    let digest = tests::harness::digest(b"coverage");
    label
        .replace("{name}", "some/where")
        .replace("{reference}", "tag")
        .replace("{digest}", &digest)
        .replace("{id}", "0190aaaa-0000-7000-8000-000000000000")
}

#[tokio::test]
async fn every_route_and_method_is_in_the_table_and_closed() {
    let labels = labels();
    let tabled: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.route).collect();
    let expected: BTreeSet<&str> = labels.iter().map(String::as_str).filter(|label| *label != NO_ROUTE).collect();
    assert_eq!(tabled, expected, "the routes of the server and those of the table");

    on_default(async |wharf| {
        let user = wharf.known_user("nothing", &model::identity_policy(&[])).await;
        let (nobody, somebody) = (wharf.anonymous(), wharf.client().as_(user.auth()));
        for label in &labels {
            for method in METHODS {
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                let known = OPERATIONS.iter().any(|operation| operation.route == label && operation.method == method);
                let target = path(label);
                let open = label.ends_with("/v2/") || label.ends_with("/_catalog");
                let refused = match (known, label == NO_ROUTE) {
                    (true, _) => [401, if open { 200 } else { 403 }],
                    (false, true) => [404, 404],
                    (false, false) => [405, 405],
                };
                for (client, status) in [&nobody, &somebody].into_iter().zip(refused) {
                    let answer = client.call(method.clone(), &target).send().await.expect(status);
                    if status == 405 {
                        let allowed: BTreeSet<&str> = answer.header("allow").split(", ").collect();
                        let tabled: BTreeSet<&str> = OPERATIONS
                            .iter()
                            .filter(|operation| operation.route == label)
                            .map(|operation| operation.method.as_str())
                            .collect();
                        assert_eq!(allowed, tabled, "{answer}");
                    }
                }
            }
        }
        let catalog = somebody.get("/v2/_catalog").send().await.expect(200);
        assert!(catalog.strings("repositories").is_empty(), "{catalog}");
    })
    .await;
}

/// The paths that are served without the dispatcher of `/v2/`, and why each may be.
const OPEN: &[(&str, &str)] = &[
    ("\"/\"", "the dispatcher of the AWS services"),
    ("\"/service/{service}/operation/{operation}\"", "the dispatcher of the AWS services"),
    ("\"/v2\"", "the dispatcher"),
    ("\"/v2/\"", "the dispatcher"),
    ("\"/v2/{*rest}\"", "the dispatcher"),
    ("layers::PATH", "asks for a ticket that only the dispatcher of the AWS services gives out"),
    ("challenge::TOKEN_PATH", "authenticates by itself and gives out nothing else"),
    ("\"/acs/ws\"", "asks for a signature and for ecs:Poll"),
    ("\"/tcs/ws\"", "asks for a signature and for ecs:StartTelemetrySession"),
    ("\"/scan-results/{request}\"", "takes what the scanner signed, for a request that it was sent"),
    ("\"/healthz\"", "says that the process is alive"),
    ("\"/readyz\"", "says that the process can work"),
    ("\"/metrics\"", "numbers without names"),
];

#[test]
fn every_path_that_the_program_serves_is_on_the_written_list() {
    let mut found = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../src"), &mut found);
    let allowed: BTreeSet<String> = OPEN.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(found, allowed, "a path was added or taken away: decide who may use it, then change the list");
}

/// The first argument of every `.route(` below a directory of sources.
fn collect(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).expect("the sources are there").flatten() {
        let path = entry.path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("sources are text");
            found.extend(
                text.split(".route(").skip(1).filter_map(|rest| Some(rest.split_once(',')?.0.trim().to_owned())),
            );
        }
    }
}
