//! What containers answer to requests.

use ecow::EcoString;

use super::{host_name, images, words_of, Page};
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::time::Span;

/// A request as it reaches a container.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// What the client asked for: `tomcat-service:8080`.
    pub host: String,
    /// Path and query: `/index.html?x=1`.
    pub path: String,
    /// Address of the client as the container sees it.
    pub client: String,
    /// What was sent after the headers.
    pub body: String,
    /// The headers, Host among them.
    pub headers: Vec<(String, String)>,
}

/// What a container answers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Response {
    /// `200`; 0 where the answer is not HTTP: then `body` is what the server says unasked, which may be nothing.
    pub status: u16,
    /// In the order they are sent.
    pub headers: Vec<(String, String)>,
    /// What follows them.
    pub body: String,
}

/// Paths that programs answer when they are asked for their health.
const HEALTH_PATHS: &[&str] =
    &["/healthz", "/health", "/livez", "/readyz", "/ready", "/live", "/status", "/ping", "/metrics"];

const NGINX: &str = "<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href=\"http://nginx.org/\">nginx.org</a>.<br/>
Commercial support is available at
<a href=\"http://nginx.com/\">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
";

const GUESTBOOK: &str = "<html ng-app=\"redis\">
  <head>
    <title>Guestbook</title>
  </head>
  <body ng-controller=\"RedisCtrl\">
    <h2>Guestbook</h2>
  </body>
</html>
";

/// The page that a server of files shows before anybody has put another there.
pub(super) fn front_page(page: Page) -> Option<&'static str> {
    match page {
        Page::Nginx => Some(NGINX),
        Page::ItWorks => Some("<html><body><h1>It works!</h1></body></html>\n"),
        _ => None,
    }
}

/// Where a request arrives.
pub struct Arrival<'a> {
    /// The pod.
    pub pod: &'a Object,
    /// The container.
    pub container: &'a Value,
    /// What answers there.
    pub page: Page,
    /// How long the container has run.
    pub running_for: Span,
    /// The text of one of its files.
    pub file: &'a dyn Fn(&str) -> Option<EcoString>,
}

/// What a container answers to a request.
pub fn respond(arrival: &Arrival<'_>, request: &Request) -> Response {
    if let Some(body) = other_protocol(arrival, request) {
        return Response { status: 0, headers: Vec::new(), body };
    }
    let path = request.path.split('?').next().unwrap_or("/");
    let image = arrival.container.get("image").str();
    let server = server_name(arrival.page, image);
    let root = images::find(image).map_or("", |row| row.root.as_str());
    let (status, body) = match path {
        "/fail" => (500, "Internal Server Error\n".to_owned()),
        _ if !root.is_empty() => file(arrival, root, path, &server),
        _ => page(arrival, request, path),
    };
    let redirect = (status == 302).then(|| format!("http://{}/wp-admin/install.php", request.host));
    response(status, body, server, redirect)
}

fn response(status: u16, body: String, server: String, location: Option<String>) -> Response {
    let html = body.starts_with('<');
    let mut headers = Vec::new();
    if !server.is_empty() {
        headers.push(("Server".to_owned(), server));
    }
    headers.extend(location.map(|location| ("Location".to_owned(), location)));
    headers.push(("Content-Type".to_owned(), if html { "text/html" } else { "text/plain" }.to_owned()));
    headers.push(("Content-Length".to_owned(), body.len().to_string()));
    if headers[0].1.starts_with("nginx") {
        let tag = format!("\"661e8b67-{:x}\"", body.len());
        let modified = "Tue, 16 Apr 2024 14:29:59 GMT".to_owned();
        let file = status == 200;
        headers.extend(file.then(|| ("Last-Modified".to_owned(), modified)));
        headers.push(("Connection".to_owned(), "keep-alive".to_owned()));
        headers.extend(file.then(|| ("ETag".to_owned(), tag)));
        headers.extend(file.then(|| ("Accept-Ranges".to_owned(), "bytes".to_owned())));
    }
    Response { status, headers, body }
}

/// What a process answers that serves the files below a directory.
pub fn serve_files(root: &str, path: &str, file: &dyn Fn(&str) -> Option<EcoString>) -> Response {
    let path = path.split('?').next().unwrap_or("/");
    let full = format!("{}{path}", root.trim_end_matches('/'));
    let found = file(&full).or_else(|| file(&format!("{}/index.html", full.trim_end_matches('/'))));
    match found {
        Some(text) => response(200, text.to_string(), String::new(), None),
        None => response(404, "File not found\n".to_owned(), String::new(), None),
    }
}

/// What a process answers that says the same to everybody, be it HTTP or not.
pub fn say(text: &str) -> Response {
    let Some(rest) = text.strip_prefix("HTTP/") else {
        return Response { status: 0, headers: Vec::new(), body: text.to_owned() };
    };
    let text = rest.replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let status = head.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(200);
    response(status, body.to_owned(), String::new(), None)
}

fn file(arrival: &Arrival<'_>, root: &str, path: &str, server: &str) -> (u16, String) {
    let found = match path {
        "" | "/" => (arrival.file)(&format!("{root}/index.html")),
        path => (arrival.file)(&format!("{root}{path}"))
            .or_else(|| (arrival.file)(&format!("{root}{}/index.html", path.trim_end_matches('/')))),
    };
    match found {
        Some(text) => (200, text.to_string()),
        None if HEALTH_PATHS.contains(&path) => (200, "ok\n".to_owned()),
        None if arrival.page == Page::Nginx && matches!(path, "" | "/") => (403, error_page("403 Forbidden", server)),
        None if matches!(path, "" | "/" | "/index.html") => page(arrival, &Request::default(), path),
        None => (404, not_found(arrival.page, server)),
    }
}

fn page(arrival: &Arrival<'_>, request: &Request, _path: &str) -> (u16, String) {
    let (pod, container) = (arrival.pod, arrival.container);
    let host = host_name(pod);
    let ip = pod.at("status.podIP").str();
    let version = || images::version(container.get("image").str()).trim_start_matches('v').to_owned();
    let body = match arrival.page {
        Page::Nginx | Page::ItWorks => front_page(arrival.page).unwrap_or_default().to_owned(),
        Page::Tomcat => format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>Apache Tomcat</title></head>\n<body>\n<h1>Apache Tomcat</h1>\n<p>It works! This is {host} ({ip}).</p>\n</body>\n</html>\n"
        ),
        Page::Echo => echo(host, request),
        Page::Whoami => format!(
            "Hostname: {host}\nIP: 127.0.0.1\nIP: {ip}\nRemoteAddr: {}:{}\n{} {} HTTP/1.1\nHost: {}\n{}\n",
            request.client,
            40_000 + host.bytes().map(u32::from).sum::<u32>() % 20_000,
            request.method,
            request.path,
            request.host,
            header_lines(request, |name, value| match name {
                "Host" => String::new(),
                name => format!("{name}: {value}\n"),
            })
        ),
        Page::Hostname => format!("{host}\n"),
        Page::Text => format!("{}\n", text_argument(container)),
        Page::HelloApp => format!("Hello, world!\nVersion: {}.0\nHostname: {host}\n", version()),
        Page::HelloKubernetes => "Hello Kubernetes!".to_owned(),
        Page::Bootcamp => format!("Hello Kubernetes bootcamp! | Running on: {host} | v={}\n", version()),
        Page::Guestbook => GUESTBOOK.to_owned(),
        Page::Wordpress => return (302, String::new()),
        Page::Elasticsearch => format!(
            "{{\n  \"name\" : \"{host}\",\n  \"cluster_name\" : \"docker-cluster\",\n  \"version\" : {{\n    \"number\" : \"{}\"\n  }},\n  \"tagline\" : \"You Know, for Search\"\n}}\n",
            version()
        ),
        Page::Liveness if arrival.running_for > Span::secs(10) => {
            return (500, format!("error: {}", arrival.running_for));
        }
        Page::Liveness => "ok".to_owned(),
        _ => "OK!".to_owned(),
    };
    (200, body)
}

/// The headers in the order of their names, one a line.
fn header_lines(request: &Request, line: impl Fn(&str, &str) -> String) -> String {
    let mut all: Vec<&(String, String)> = request.headers.iter().collect();
    all.order_by_key(|(name, _)| name.to_lowercase());
    all.iter().map(|(name, value)| line(name, value)).collect()
}

fn echo(host: &str, request: &Request) -> String {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let headers = header_lines(request, |name, value| format!("\t{}={value}\n", name.to_lowercase()));
    format!(
        "\n\nHostname: {host}\n\nPod Information:\n\t-no pod information available-\n\nServer values:\n\tserver_version=nginx: 1.13.3 - lua: 10008\n\nRequest Information:\n\tclient_address={}\n\tmethod={}\n\treal path={path}\n\tquery={query}\n\trequest_version=1.1\n\trequest_scheme=http\n\trequest_uri=http://{}{}\n\nRequest Headers:\n{headers}\nRequest Body:\n\t{}\n\n",
        request.client,
        request.method,
        request.host,
        request.path,
        if request.body.is_empty() { "-no body in request-" } else { &request.body }
    )
}

fn text_argument(container: &Value) -> String {
    let words = words_of(container);
    let given = words.iter().find_map(|w| w.trim_start_matches('-').strip_prefix("text=").map(str::to_owned));
    let behind = || words.iter().position(|w| w == "-text" || w == "--text").and_then(|i| words.get(i + 1).cloned());
    given.or_else(behind).unwrap_or_else(|| "hello-world".to_owned())
}

fn error_page(title: &str, server: &str) -> String {
    format!("<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>{server}</center>\r\n</body>\r\n</html>\r\n")
}

fn not_found(page: Page, server: &str) -> String {
    match page {
        Page::Nginx => error_page("404 Not Found", server),
        _ => "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n".to_owned(),
    }
}

fn server_name(page: Page, image: &str) -> String {
    let version = image.rsplit_once(':').map_or("", |(_, tag)| tag);
    let is_version = version.starts_with(|c: char| c.is_ascii_digit());
    match page {
        Page::Nginx if is_version => format!("nginx/{}", version.split('-').next().unwrap_or(version)),
        Page::Nginx => "nginx/1.29.4".to_owned(),
        Page::ItWorks => "Apache".to_owned(),
        _ => String::new(),
    }
}

/// What Redis answers to a command in a line; it keeps no data here.
fn redis(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let name = words.first().map(|word| word.to_lowercase()).unwrap_or_default();
    match (name.as_str(), &words[usize::from(!words.is_empty())..]) {
        ("", _) => String::new(),
        ("ping", []) => "+PONG\r\n".to_owned(),
        ("ping" | "echo", [text]) => format!("${}\r\n{text}\r\n", text.len()),
        ("quit", _) => "+OK\r\n".to_owned(),
        ("ping" | "echo", _) => format!("-ERR wrong number of arguments for '{name}' command\r\n"),
        (_, rest) => {
            let rest: String = rest.iter().map(|word| format!("'{word}' ")).collect();
            format!("-ERR unknown command '{}', with args beginning with: {rest}\r\n", words[0])
        }
    }
}

/// What servers of other protocols say: unasked, where the connection was only opened, or to a client that speaks HTTP.
fn other_protocol(arrival: &Arrival<'_>, request: &Request) -> Option<String> {
    let image = arrival.container.get("image").str();
    let version = image.rsplit_once(':').map_or("8.4.3", |(_, tag)| tag);
    let opened = request.method == "CONNECT";
    let text = match arrival.page {
        Page::Mysql => return Some(format!("J\n{version} caching_sha2_password\n")),
        Page::Nats => "INFO {\"server_name\":\"nats\",\"proto\":1,\"port\":4222,\"max_payload\":1048576}\r\n",
        Page::Redis if opened => return Some(request.body.lines().map(redis).collect()),
        Page::Memcached | Page::Mongo | Page::Rabbitmq if opened => "",
        Page::Redis => "-ERR wrong number of arguments for 'get' command\r\n",
        Page::Memcached => "ERROR\r\n",
        Page::Mongo => "It looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n",
        Page::Rabbitmq => "AMQP",
        Page::Postgres | Page::Cassandra | Page::Kafka | Page::Zookeeper | Page::Dns => "",
        _ => return None,
    };
    Some(text.to_owned())
}
