//! Takes connections, answers their requests, and lets them end.
use std::{convert::Infallible, future::poll_fn, io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use super::{
    app::App,
    connections::{Busy, Connection, Phase},
    limits::HEAD_TIME,
    service,
};

/// How long a client has to read an answer that came before its request was whole.
const LINGER: Duration = Duration::from_secs(2);

/// How much of its request is read meanwhile.
const LINGER_BYTES: u64 = 16 << 20;

/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 32 << 10;

/// Takes connections until the server closes. Then waits until all have ended.
pub async fn serve(app: &Arc<App>, router: &Router, listener: TcpListener) {
    let mut phase = app.phase.subscribe();
    let (mut number, all) = (0, Arc::new(()));
    loop {
        let closing = phase.wait_for(|phase| *phase == Phase::Closing);
        let stream = tokio::select! {
            biased;
            stream = listener.accept() => stream,
            _ = closing => break,
        };
        let stream = match stream {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Too many open files, or the client is gone already.
                if error.kind() != io::ErrorKind::ConnectionAborted {
                    sleep(Duration::from_millis(20)).await;
                }
                continue;
            }
        };
        number += 1;
        let Some(connection) = app.connections.add(number) else { continue };
        let (app, router, all) = (Arc::clone(app), router.clone(), Arc::clone(&all));
        tokio::spawn(async move {
            one(&app, &router, stream, &connection).await;
            app.connections.remove(number);
            drop(all);
        });
    }
    drop(listener);
    while Arc::strong_count(&all) > 1 {
        sleep(Duration::from_millis(5)).await;
    }
}

/// Answers the requests of one connection.
async fn one(app: &Arc<App>, router: &Router, stream: TcpStream, connection: &Arc<Connection>) {
    let _ = stream.set_nodelay(true);
    let mut phase = app.phase.subscribe();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let (app, router, connection) = (Arc::clone(app), router.clone(), Arc::clone(connection));
        Box::pin(async move {
            let busy = Busy::new(&connection);
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(Arc::clone(&connection));
            let mut response: Response = service::answer(&app, router, request).await;
            if app.phase() != Phase::Serving {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            drop(busy);
            Ok::<_, Infallible>(response)
        })
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(MAX_HEAD).half_close(false);
    let mut http = http.serve_connection(TokioIo::new(stream), service);
    let ended = {
        let mut closing = std::pin::pin!(phase.wait_for(|phase| *phase == Phase::Closing));
        let mut is_closing = false;
        loop {
            tokio::select! {
                ended = poll_fn(|cx| http.poll_without_shutdown(cx)) => break ended,
                () = connection.end.notified() => return,
                _ = &mut closing, if !is_closing => {
                    is_closing = true;
                    std::pin::Pin::new(&mut http).graceful_shutdown();
                }
            }
        }
    };
    if ended.is_ok() {
        linger(http.into_parts().io.into_inner(), connection).await;
    }
}

/// Ends a connection whose client may still be sending. If it were just closed, the client might never see the answer.
async fn linger(mut stream: TcpStream, connection: &Connection) {
    let read = async {
        if stream.shutdown().await.is_ok() {
            let mut rest = stream.take(LINGER_BYTES);
            let mut piece = vec![0; 16 << 10];
            while rest.read(&mut piece).await.is_ok_and(|n| n > 0) {}
        }
    };
    tokio::select! {
        _ = timeout(LINGER, read) => {}
        () = connection.end.notified() => {}
    }
}
