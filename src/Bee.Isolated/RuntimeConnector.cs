using Bee.Containers.Runtimes;
using Grpc.Core;
using Grpc.Net.Client;

namespace Bee.Isolated;

/// <summary>Connects to containerd and CRI-O over gRPC.</summary>
public sealed class RuntimeConnector : IRuntimeConnector
{
    /// <inheritdoc/>
    IContainerRuntime IRuntimeConnector.Open(string name, RuntimeSocket socket) => name == "containerd" ? new ContainerdRuntime(socket) : new CriRuntime(name, socket);
}

/// <summary>A client for gRPC on the socket of a runtime. Thread-safe.</summary>
/// <param name="socket">The socket.</param>
internal sealed class RuntimeClient(RuntimeSocket socket) : IDisposable
{
    private static readonly Marshaller<byte[]> s_bytes = Marshallers.Create(bytes => bytes, bytes => bytes);

    private readonly GrpcChannel _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = socket.Handler(),
        DisposeHttpClient = true,
        MaxReceiveMessageSize = socket.LongestList,
        MaxRetryAttempts = 1,
    });

    /// <summary>Returns a method that has one message as its request and one as its answer.</summary>
    /// <param name="service">The full name of the service.</param>
    /// <param name="method">The name of the method.</param>
    public static Method<byte[], byte[]> Unary(string service, string method) => new(MethodType.Unary, service, method, s_bytes, s_bytes);

    /// <summary>Calls a method.</summary>
    /// <param name="method">The method.</param>
    /// <param name="request">The message.</param>
    /// <param name="headers">The headers; null for none.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The answer; empty if the runtime does not answer in time, or refuses the call.</returns>
    public byte[] Call(Method<byte[], byte[]> method, byte[] request, Metadata? headers, CancellationToken cancellationToken)
    {
        try
        {
            var options = new CallOptions(headers, DateTime.UtcNow + socket.Timeout, cancellationToken);
            using AsyncUnaryCall<byte[]> call = _channel.CreateCallInvoker().AsyncUnaryCall(method, null, options, request);
            return call.ResponseAsync.GetAwaiter().GetResult();
        }
        catch (RpcException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception e) when (e is RpcException or IOException or HttpRequestException)
        {
            return [];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();
}
