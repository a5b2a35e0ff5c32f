namespace Bee.Telemetry.Serving;

/// <summary>The reasons why a server refuses a connection or a request.</summary>
internal enum RejectReason
{
    /// <summary>The limit of connections is reached.</summary>
    Connections,
    /// <summary>The request is not HTTP, is too large or has a body.</summary>
    Request,
    /// <summary>The client took too long.</summary>
    Timeout,
    /// <summary>The TLS handshake failed.</summary>
    Tls,
    /// <summary>The token is missing or wrong.</summary>
    Token,
}
