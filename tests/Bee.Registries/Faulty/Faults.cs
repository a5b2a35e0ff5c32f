using System.Globalization;
using System.Text;

namespace Bee.Registries;

/// <summary>Faults for requests and responses.</summary>
public static class Faults
{
    /// <summary>Sends another response; the request has no effect.</summary>
    public static Fault Answer(HttpAnswer answer) => (exchange, _) => exchange.SendAsync(answer);

    /// <summary>Sends an error in the registry's format.</summary>
    public static Fault Error(int status, string code, string message = "the tests say so") => Answer(MemoryRegistry.Error(status, code, message));

    /// <summary>Sends a status and headers (<c>Name: value</c>), without a body.</summary>
    public static Fault Status(int status, params string[] headers) =>
        Answer(new HttpAnswer(status) { Headers = headers.Select(header => header.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase) });

    /// <summary>Redirects the client.</summary>
    public static Fault Redirect(string location, int status = 307) => Status(status, $"Location: {location}");

    /// <summary>Cuts the connection before the request takes effect.</summary>
    public static Fault Cut { get; } = (exchange, _) =>
    {
        exchange.Cut();
        return Task.CompletedTask;
    };

    /// <summary>Cuts the connection after the given number of bytes of the request body, and stores those.</summary>
    public static Fault CutRequest(long after) => async (exchange, serve) =>
    {
        exchange.Body = new CutStream(exchange.Body, after, exchange.Cut);
        await exchange.SendAsync(await serve());
    };

    /// <summary>Processes the request, and cuts the connection before the response.</summary>
    public static Fault CutBeforeAnswer { get; } = async (exchange, serve) =>
    {
        await serve();
        exchange.Cut();
    };

    /// <summary>Cuts the connection after the headers and the given number of bytes of the response body.</summary>
    public static Fault CutAnswer(int after) => async (exchange, serve) =>
    {
        HttpAnswer answer = await serve();
        await exchange.SendHeadAsync(answer);
        await exchange.WriteAsync(answer.Body.AsMemory(0, Math.Min(after, answer.Body.Length)));
        // Closes the connection without a reset, which would discard bytes that the client has not read.
        exchange.Close();
    };

    /// <summary>Changes the response.</summary>
    public static Fault Change(Func<HttpAnswer, HttpAnswer> change) => async (exchange, serve) => await exchange.SendAsync(change(await serve()));

    /// <summary>Sets a header of the response; removes it if the value is null.</summary>
    public static Fault Header(string name, string? value) => Change(answer => answer.With(name, value));

    /// <summary>Changes one byte of the response body.</summary>
    public static Fault WrongBytes { get; } = Change(answer =>
    {
        byte[] bytes = [.. answer.Body];
        bytes[bytes.Length / 2] ^= 1;
        return answer with { Body = bytes };
    });

    /// <summary>Makes the response body longer or shorter, with the matching Content-Length.</summary>
    public static Fault WrongLength(int by) => Change(answer =>
    {
        byte[] bytes = [.. answer.Body];
        Array.Resize(ref bytes, Math.Max(0, bytes.Length + by));
        return (answer with { Body = bytes }).With("Content-Length", $"{bytes.Length}");
    });

    /// <summary>Sends the right response body followed by endless bytes, without a Content-Length.</summary>
    public static Fault Endless { get; } = async (exchange, serve) => await SendWithoutEndAsync(exchange, await serve());

    /// <summary>Sends another response whose body does not end.</summary>
    public static Fault EndlessAnswer(HttpAnswer answer) => (exchange, _) => SendWithoutEndAsync(exchange, answer);

    /// <summary>Never responds.</summary>
    public static Fault NoAnswer { get; } = (exchange, _) => exchange.WaitForClientAsync();

    /// <summary>Sends headers slowly and without an end.</summary>
    public static Fault SlowHeaders { get; } = async (exchange, _) =>
    {
        await exchange.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray());
        for (int i = 0; ; i++)
        {
            await exchange.WriteAsync(Encoding.ASCII.GetBytes($"X-{i}: y\r\n"));
            await Task.Delay(50, exchange.End);
        }
    };

    /// <summary>Sends nothing more after the headers and the given number of bytes of the response body.</summary>
    public static Fault Stall(int after) => async (exchange, serve) =>
    {
        HttpAnswer answer = await serve();
        await exchange.SendHeadAsync(answer);
        await exchange.WriteAsync(answer.Body.AsMemory(0, Math.Min(after, answer.Body.Length)));
        await exchange.WaitForClientAsync();
    };

    /// <summary>Sends the right response slowly: one byte every 20 milliseconds.</summary>
    public static Fault Trickle { get; } = async (exchange, serve) => await SendSlowlyAsync(exchange, await serve());

    /// <summary>Sends another response slowly: one byte every 20 milliseconds.</summary>
    public static Fault TrickleAnswer(HttpAnswer answer) => (exchange, _) => SendSlowlyAsync(exchange, answer);

    /// <summary>Stops reading the request body after the given number of bytes, and never responds.</summary>
    public static Fault StopReading(long after) => async (exchange, serve) =>
    {
        exchange.Body = new CutStream(exchange.Body, after, () => exchange.End.WaitHandle.WaitOne());
        await exchange.SendAsync(await serve());
    };

    /// <summary>Sends bytes that are not HTTP.</summary>
    public static Fault Garbage { get; } = async (exchange, _) =>
    {
        await exchange.WriteAsync("\0\0this is another protocol\r\n\r\n"u8.ToArray());
        exchange.Close();
    };

    /// <summary>Delays the response, so that responses to other requests arrive first.</summary>
    public static Fault Late(TimeSpan by) => async (exchange, serve) =>
    {
        await Task.Delay(by, exchange.End);
        await exchange.SendAsync(await serve());
    };

    private static async Task SendSlowlyAsync(HttpExchange exchange, HttpAnswer answer)
    {
        await exchange.SendHeadAsync(answer);
        for (int i = 0; i < answer.Body.Length; i++)
        {
            await exchange.WriteAsync(answer.Body.AsMemory(i, 1));
            await Task.Delay(20, exchange.End);
        }
    }

    private static async Task SendWithoutEndAsync(HttpExchange exchange, HttpAnswer answer)
    {
        await exchange.SendHeadAsync(answer.With("Content-Length", null).With("Transfer-Encoding", "chunked"));
        if (answer.Body.Length > 0)
        {
            await exchange.WriteAsync(Encoding.ASCII.GetBytes(answer.Body.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
            await exchange.WriteAsync(answer.Body);
            await exchange.WriteAsync("\r\n"u8.ToArray());
        }

        byte[] more = [.. "10000\r\n"u8, .. Enumerable.Repeat((byte)' ', 0x10000), .. "\r\n"u8];
        while (true)
        {
            await exchange.WriteAsync(more);
        }
    }
}
