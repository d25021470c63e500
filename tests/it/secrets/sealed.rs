//! Values are nowhere to be read but in the answers that give them out: not in the database, the audit log or the log.

use tests::harness::{Backend, Wharf};

use super::run;

#[tokio::test]
async fn values_are_sealed_and_out_of_every_log() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_LOG_LEVEL", "debug").start().await;
    run(
        &wharf.aws(),
        r#"
sm.create_secret(Name="named/secret", SecretString="canary-one")
sm.put_secret_value(SecretId="named/secret", SecretBinary=b"canary-two")
sm.update_secret(SecretId="named/secret", SecretString="canary-three")
ssm.put_parameter(Name="/named/parameter", Value="canary-four", Type="SecureString")
ssm.put_parameter(Name="/named/parameter", Value="canary-five", Overwrite=True)
ssm.put_parameter(Name="plain", Value="canary-six", Type="String")
expect(value("named/secret"), "canary-three")
sm.batch_get_secret_value(SecretIdList=["named/secret"])
ssm.get_parameters(Names=["plain", "/named/parameter"], WithDecryption=True)
message("ResourceNotFoundException", sm.put_secret_value, SecretId="none", SecretString="canary-seven")
message("ParameterAlreadyExists", ssm.put_parameter, Name="plain", Value="canary-eight", Type="String")
"#,
    );
    let audit = wharf.run(&["audit"]).stdout;
    // Which secret and which parameter it was is what the log is for.
    for told in ["named/secret", "/named/parameter", "PutSecretValue", "PutParameter"] {
        assert!(audit.contains(told), "{told}: {audit}");
    }
    let mut places = vec![("the audit log", audit.into_bytes()), ("the log", wharf.output().into_bytes())];
    for file in std::fs::read_dir(wharf.data_directory()).expect("a directory").flatten() {
        if file.file_type().is_ok_and(|kind| kind.is_file()) {
            places.push(("a file", std::fs::read(file.path()).expect("a file")));
        }
    }
    assert!(places.len() > 3);
    // base64 of `canary-t`, whatever stands before it.
    for canary in ["canary-", "Y2FuYXJ5"] {
        for (place, bytes) in &places {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} is in {place}");
        }
    }
}
