//! What is asked and what is answered, as plain data. It sends nothing.

use serde::Serialize;

/// One HTTP request as it reaches a container.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct HttpRequest {
    /// `GET`; `CONNECT` where a tool only opens the connection and asks nothing.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers in the order they were sent, Host first.
    pub headers: Vec<(String, String)>,
    /// What was sent along.
    pub body: String,
    /// The address the container sees the request come from.
    pub peer: String,
    /// True for TLS.
    pub tls: bool,
}

/// One HTTP response.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct HttpResponse {
    /// `200`.
    pub status: u16,
    /// Headers in the order they are sent.
    pub headers: Vec<(String, String)>,
    /// The text.
    pub body: String,
    /// How long the container took, in microseconds.
    pub took_us: u64,
    /// What the server writes of it.
    #[serde(skip)]
    pub written: Option<Box<Written>>,
}

/// A line that a server writes of a request, without its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The UID of the pod.
    pub uid: ecow::EcoString,
    /// The container.
    pub container: ecow::EcoString,
    /// The line.
    pub line: String,
}

impl HttpRequest {
    /// The value of a header, whatever the case of its name; empty without it.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

impl HttpResponse {
    /// A response of a content type.
    pub fn new(status: u16, content_type: &str, body: impl Into<String>) -> HttpResponse {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        HttpResponse { status, headers, body: body.into(), took_us: 0, written: None }
    }

    /// The value of a header, whatever the case of its name; empty without it.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

/// The words behind a status code.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

/// The parts of a URL that matter here.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Url {
    /// `http` or `https`, or what else was written.
    pub scheme: String,
    /// Name or address, without brackets.
    pub host: String,
    /// The port, written or by the scheme.
    pub port: u16,
    /// True where the port was written.
    pub explicit_port: bool,
    /// Path and query, `/` at least.
    pub path: String,
}

impl Url {
    /// Reads a URL as curl does: without a scheme it is http. What cannot be read is the part curl complains of.
    pub fn parse(text: &str) -> Result<Url, UrlError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_lowercase();
        let cut = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(cut);
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = split_port(authority);
        let default_port = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            "telnet" => 23,
            _ => return Err(UrlError::Scheme(scheme)),
        };
        let explicit_port = port.is_some_and(|port| !port.is_empty());
        let port = match port {
            Some(port) if !port.is_empty() => port.parse::<u16>().map_err(|_| UrlError::Port)?,
            _ => default_port,
        };
        if host.is_empty() {
            return Err(UrlError::NoHost);
        }
        if host.contains([' ', '<', '>']) {
            return Err(UrlError::Malformed);
        }
        let path = path.split('#').next().unwrap_or("");
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Url { scheme, host: host.to_owned(), port, explicit_port, path })
    }

    /// The Host header a client sends for it.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let default_port = if self.scheme == "https" { 443 } else { 80 };
        if self.port == default_port {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

/// What is wrong with a URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UrlError {
    /// A scheme that is not spoken here.
    Scheme(String),
    /// No number, or none of a port.
    Port,
    /// Nothing where the host should be.
    NoHost,
    /// Something a URL cannot hold.
    Malformed,
}

/// Host and port of `host`, `host:port`, `[v6]:port`.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').unwrap_or((rest, ""));
        return (host, after.strip_prefix(':'));
    }
    authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_curl_reads_them() {
        let url = Url::parse("tomcat-service:8080").unwrap();
        assert_eq!((url.host.as_str(), url.port, url.path.as_str()), ("tomcat-service", 8080, "/"));
        assert_eq!(url.authority(), "tomcat-service:8080");
        let url = Url::parse("https://user:pw@web.default.svc/a/b?c=d#e").unwrap();
        assert_eq!((url.host.as_str(), url.port, url.path.as_str()), ("web.default.svc", 443, "/a/b?c=d"));
        assert_eq!(url.authority(), "web.default.svc");
        assert_eq!(Url::parse("http://[fd00::1]:80/").unwrap().host, "fd00::1");
        assert_eq!(Url::parse("web?x=1").unwrap().path, "/?x=1");
        assert_eq!(Url::parse("web:99999"), Err(UrlError::Port));
        assert_eq!(Url::parse("gopher://x"), Err(UrlError::Scheme("gopher".into())));
        assert_eq!(Url::parse("http://"), Err(UrlError::NoHost));
    }
}
