//! Requests that are signed by hand (SigV4), so that a test can leave out, move or change whatever it likes. Written from
//! the specification and apart from what the server does.

use aws_lc_rs::hmac;
use http::Method;
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::aws::Aws;
use super::client::{Auth, Client, encode};

/// A request before it is signed.
#[derive(Clone, Debug)]
pub struct Unsigned {
    /// `POST`, mostly.
    pub method: Method,
    /// What follows the host, with the query, whose parameters must be sorted and encoded.
    pub target: String,
    /// Header fields beside `host` and `x-amz-date`, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The service of the scope.
    pub service: String,
    /// The time of the signature, `20150830T123600Z`.
    pub time: String,
}

/// A request with its signature, as it goes out.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The method.
    pub method: Method,
    /// What follows the host.
    pub target: String,
    /// All header fields but the host.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Unsigned {
    /// A call of ECR.
    pub fn ecr(operation: &str, body: &str) -> Self {
        let target = format!("AmazonEC2ContainerRegistry_V20150921.{operation}");
        Self {
            method: Method::POST,
            target: "/".to_owned(),
            headers: vec![
                ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target".to_owned(), target),
            ],
            body: body.as_bytes().to_vec(),
            service: "ecr".to_owned(),
            time: now(0),
        }
    }

    /// A call of a Query service (`iam`, `sts`) with the parameters after `Action` and `Version`.
    pub fn query(service: &str, action: &str, parameters: &[(&str, &str)]) -> Self {
        let version = if service == "iam" { "2010-05-08" } else { "2011-06-15" };
        let mut form = vec![("Action", action), ("Version", version)];
        form.extend_from_slice(parameters);
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let content_type = "application/x-www-form-urlencoded; charset=utf-8";
        Self {
            method: Method::POST,
            target: "/".to_owned(),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.join("&").into_bytes(),
            service: service.to_owned(),
            time: now(0),
        }
    }

    /// At another time than now.
    #[must_use]
    pub fn at(mut self, seconds_from_now: i64) -> Self {
        self.time = now(seconds_from_now);
        self
    }

    /// Signs it as this client would.
    pub fn sign(&self, aws: &Aws) -> Signed {
        let mut headers = self.headers.clone();
        headers.push(("x-amz-date".to_owned(), self.time.clone()));
        if let Some(token) = &aws.session_token {
            headers.push(("x-amz-security-token".to_owned(), token.clone()));
        }
        let host = aws.endpoint.split("://").nth(1).expect("an endpoint has a scheme");
        let mut signed = headers.clone();
        signed.push(("host".to_owned(), host.to_owned()));
        signed.sort();
        let names = signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let mut canonical = format!("{}\n{path}\n{query}\n", self.method);
        for (name, value) in &signed {
            canonical.push_str(&format!("{name}:{}\n", value.trim()));
        }
        canonical.push_str(&format!("\n{names}\n{}", hex::encode(Sha256::digest(&self.body))));
        let day = &self.time[..8];
        let scope = format!("{day}/{}/{}/aws4_request", aws.region, self.service);
        let hash = hex::encode(Sha256::digest(canonical));
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hash}", self.time);
        let mut key = format!("AWS4{}", aws.secret).into_bytes();
        for part in [day, &aws.region, &self.service, "aws4_request"] {
            key = mac(&key, part.as_bytes());
        }
        let signature = hex::encode(mac(&key, text.as_bytes()));
        let id = &aws.access_key_id;
        let value = format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
        headers.push(("authorization".to_owned(), value));
        Signed { method: self.method.clone(), target: self.target.clone(), headers, body: self.body.clone() }
    }
}

impl Signed {
    /// Sends it to a server.
    pub async fn send(&self, endpoint: &str) -> Answer {
        let client = Client::new(endpoint, Auth::None);
        let mut call = client.call(self.method.clone(), &self.target).body(self.body.clone());
        for (name, value) in &self.headers {
            call = call.header(name, value);
        }
        call.send().await
    }

    /// Replaces a header field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes a header field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// The value of a header field.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

/// The present time and some seconds more, `20150830T123600Z`.
pub fn now(seconds: i64) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    let total = i64::try_from(since.as_secs()).expect("a clock before the end of time") + seconds;
    let (days, of_day) = (total.div_euclid(86_400), total.rem_euclid(86_400));
    // Days to a date in the proleptic Gregorian calendar, counted from 1 March of the year 0.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", of_day / 3600, of_day / 60 % 60, of_day % 60)
}
