//! Ports, and networks of tasks.

use std::process::Command;

use acs::{Container, ElasticNetworkInterface, PortMapping};
use wharf_node::engine::{Engine as _, Status};

use crate::bench::{Bench, IMAGE, docker_host, logged, shell, stream};
use crate::control::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_range_of_ports_is_bound_in_a_row_and_told_as_one() {
    let mut bench = Bench::new().await;
    let script = "for p in 8000 8001 8002; do mkdir /tmp/$p; echo $p >/tmp/$p/index.html; httpd -p $p -h /tmp/$p; done; \
                  while :; do sleep 0.1; done";
    let ranged = |name: &str, script: &str| {
        let range = PortMapping { container_port_range: Some("8000-8002".to_owned()), ..PortMapping::default() };
        Container { port_mappings: vec![range], ..shell(name, script) }
    };
    let wanted = bench.task(vec![ranged("app", script), ranged("side", script)]);
    bench.run(&wanted).await;
    let change = bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let mut begins = Vec::new();
    for container in &change.containers {
        let on_four = |binding: &&acs::api::NetworkBinding| binding.bind_ip.as_deref() == Some("0.0.0.0");
        let bindings: Vec<_> = container.network_bindings.iter().filter(on_four).collect();
        let [binding] = bindings[..] else { panic!("{change:?}") };
        assert_eq!((binding.container_port, binding.host_port), (None, None));
        assert_eq!(binding.container_port_range.as_deref(), Some("8000-8002"));
        let (first, last) = binding.host_port_range.as_deref().unwrap().split_once('-').unwrap();
        let (first, last): (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
        assert_eq!(last - first, 2);
        for (index, expected) in ["8000\n", "8001\n", "8002\n"].iter().enumerate() {
            let url = format!("http://127.0.0.1:{}/", usize::from(first) + index);
            let mut page = Command::new("curl");
            page.args(["-s", "--retry", "20", "--retry-delay", "1", "--retry-all-errors"]);
            let page = page.args(["-m", "30", &url]).output().unwrap();
            assert_eq!(String::from_utf8(page.stdout).unwrap(), *expected, "{url}");
        }
        begins.push(first);
    }
    assert!(begins[0].abs_diff(begins[1]) > 2, "{begins:?}");
    bench.stop(&wanted).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_with_a_network_of_its_own_is_one_host_to_its_containers() {
    let mut bench = Bench::new().await;
    let mut web = shell("web", "echo inside >/tmp/index.html; httpd -f -p 8080 -h /tmp");
    web.port_mappings =
        vec![PortMapping { container_port: 8080, protocol: "tcp".to_owned(), ..PortMapping::default() }];
    let client =
        shell("client", "while ! wget -q -O - http://127.0.0.1:8080/ 2>/dev/null; do sleep 0.2; done; sleep 1000");
    let mut wanted = bench.task(vec![web, logged(client)]);
    wanted.network_mode = Some("awsvpc".to_owned());
    wanted.elastic_network_interfaces = vec![ElasticNetworkInterface {
        attachment_arn: "arn:attachment".to_owned(),
        ..ElasticNetworkInterface::default()
    }];
    bench.run(&wanted).await;
    let change = bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let name = stream(&bench, "client");
    eventually("they reach each other", || bench.fake.log(&name) == ["inside"]).await;
    let binding = &change.containers[0].network_bindings[0];
    let address = binding.bind_ip.clone().unwrap();
    assert_eq!(binding.host_port, Some(8080));
    let attachment = &change.attachments[0];
    assert_eq!((attachment.attachment_arn.as_str(), attachment.status.as_str()), ("arn:attachment", "ATTACHED"));
    assert_eq!(attachment.details[0].value, address);
    let got = Command::new("curl").args(["-s", "-m", "5", &format!("http://{address}:8080/")]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&got.stdout), "inside\n", "the host reaches it there");
    assert_eq!(bench.views().await.len(), 3);
    let name = attachment.details.iter().find(|detail| detail.name == "privateDnsName").unwrap();
    let url = format!("http://{}:8080/", name.value);
    let other = Command::new("/usr/bin/docker")
        .args([
            "-H",
            &docker_host(),
            "run",
            "--rm",
            "--network",
            "wharf-test",
            IMAGE,
            "/bin/wget",
            "-q",
            "-O",
            "-",
            &url,
        ])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&other.stdout), "inside\n", "its neighbors find it by its name: {other:?}");
    bench.stop(&wanted).await;
    assert!(bench.views().await.iter().all(|view| view.status == Status::Exited));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_come_together_make_one_network() {
    let bench = Bench::new().await;
    let name = format!("wharf-test-{}", uuid::Uuid::new_v4().simple());
    let made = futures_util::future::join_all((0..6).map(|_| bench.docker.create_network(&name))).await;
    let docker = |arguments: &[&str]| {
        let ran = Command::new("/usr/bin/docker").args(["-H", &docker_host()]).args(arguments).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let ids = docker(&["network", "ls", "-q", "--filter", &format!("name={name}")]);
    for id in ids.lines() {
        docker(&["network", "rm", id]);
    }
    assert_eq!(ids.lines().count(), 1, "{made:?}");
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    bench.end().await;
}
