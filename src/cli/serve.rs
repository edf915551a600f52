//! `invited serve`: opens everything, says where it listens, and serves until
//! it is told to stop.

use std::{net::SocketAddr, sync::Arc};

use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::{Failure, Settings, print};
use crate::{
    app::App,
    clock::{SystemClock, dice},
    config::Config,
    http,
    http::server,
    sms,
    store::Store,
    token::keys::Keys,
};

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// The address to listen on [env: `INVITED_LISTEN`] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// How codes reach phones: `console`, or `file:PATH` [env: `INVITED_SMS__GATEWAY`] [default: console]
    #[arg(long, value_name = "GATEWAY")]
    sms: Option<String>,
    /// Refuse an old schema instead of migrating it.
    #[arg(long)]
    no_migrate: bool,
}

impl Serve {
    pub fn run(&self) -> Result<(), Failure> {
        let mut layers = self.settings.layers()?;
        layers.flag("listen", "--listen", self.listen.as_ref());
        layers.flag("sms.gateway", "--sms", self.sms.as_ref());
        let config = Config::read(layers)?;
        let listen = config.server.listen;
        let app = self.open(config)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::of(format!("cannot start: {error}")))?;
        runtime.block_on(serve(Arc::new(app), listen))
    }

    fn open(&self, config: Config) -> Result<App, Failure> {
        if !self.no_migrate {
            for migration in Store::migrate(&config.server.database)? {
                tracing::info!(migration = migration.0, "migrated the database");
            }
        }
        let store = Store::open(&config.server.database)?;
        // Under the store's lock, so that two first starts make one key file.
        let keys = keys(&config)?;
        let sms = sms::open(&config.sms.gateway)
            .map_err(|reason| Failure::misconfigured(format!("--sms: {reason}")))?;
        Ok(App {
            config,
            store,
            keys,
            sms,
            clock: Arc::new(SystemClock),
        })
    }
}

fn keys(config: &Config) -> Result<Keys, Failure> {
    let path = config.keys_path();
    if let Some(keys) = Keys::read(&path)? {
        return Ok(keys);
    }
    let keys = Keys::draw(&mut dice());
    keys.write(&path)?;
    tracing::info!(path = %path.display(), "created the key file; back it up with the database");
    Ok(keys)
}

async fn serve(app: Arc<App>, listen: SocketAddr) -> Result<(), Failure> {
    let refused = |error| {
        Failure::misconfigured(format!("--listen: {listen} cannot be listened on: {error}"))
    };
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let stop = stop().map_err(|error| Failure::of(format!("cannot start: {error}")))?;
    print(&format!(
        "listening on http://{address}\nexplore the API at http://{address}/swagger/\n"
    ))?;
    server::serve(listener, Arc::new(http::router(&app)), stop).await;
    tracing::info!("stopped");
    Ok(())
}

/// Ready when the process is asked to stop.
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminated, mut interrupted) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
        tracing::info!("stopping: requests in flight may finish");
    })
}
