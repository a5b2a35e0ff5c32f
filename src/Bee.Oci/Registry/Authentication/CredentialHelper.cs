using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bee.Posix;

namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// Runs a credential helper, <c>docker-credential-NAME</c>, with the actions get, store and erase (docker's documentation of credential helpers). Its output
/// may contain secrets, so no message quotes it.
/// </summary>
internal sealed class CredentialHelper
{
    private const string Prefix = "docker-credential-";
    private const string TokenUser = "<token>";
    private const int LargestAnswer = 1 << 20;

    /// <summary>The outputs for a missing login. The protocol identifies it only by these texts.</summary>
    private static readonly string[] s_none = ["credentials not found", "no credentials server URL", "no credentials username"];

    // A helper that takes longer causes a warning, because nothing else says why the caller waits.
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);

    private readonly string _file;
    private readonly TimeSpan _timeout;
    private readonly Action<RegistryNote>? _note;

    private CredentialHelper(string program, string file, TimeSpan timeout, Action<RegistryNote>? note) =>
        (Program, _file, _timeout, _note) = (program, file, timeout, note);

    /// <summary>The default timeout. The helper may ask the user to unlock its store.</summary>
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromMinutes(2);

    /// <summary>The name of the helper's executable, such as <c>docker-credential-pass</c>.</summary>
    public string Program { get; }

    /// <summary>Finds a helper; returns null if it is not installed.</summary>
    /// <param name="name">The name in config.json.</param>
    /// <param name="timeout">The timeout.</param>
    /// <param name="note">Receives a warning when the helper takes long; may be null.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the name is invalid.</exception>
    public static CredentialHelper? Find(string name, TimeSpan timeout, Action<RegistryNote>? note)
    {
        if (name.Length == 0 || name[0] == '.' || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new RegistryException(RegistryFault.Login, "The name of the credential helper in config.json is not valid.")
            {
                Remedy = $"Use the part of the program's name after '{Prefix}'.",
            };
        }

        // Searched explicitly, because .NET would look in the current directory first.
        string program = Prefix + name;
        string? file = ProgramSearch.Find(program);
        return file is null ? null : new CredentialHelper(program, file, timeout, note);
    }

    /// <summary>Gets the login for a registry; returns null if the helper has none.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>.</exception>
    public async Task<RegistryCredential?> GetAsync(string server, CancellationToken cancellationToken)
    {
        (int code, string answer) = await RunAsync("get", server, cancellationToken).ConfigureAwait(false);
        if (code != 0)
        {
            return IsNone(answer) ? null : throw Failed("get", server, code);
        }

        try
        {
            using var document = JsonDocument.Parse(answer);
            string? user = Text(document.RootElement, "Username");
            string? secret = Text(document.RootElement, "Secret");
            return string.IsNullOrEmpty(secret) ? null
                : user == TokenUser ? new RegistryCredential { IdentityToken = secret }
                : new RegistryCredential { UserName = user, Password = secret };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new RegistryException(RegistryFault.Login, $"The answer of {Program} does not follow the credential helper protocol.");
        }
    }

    /// <summary>Stores a login.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>.</exception>
    public async Task StoreAsync(string server, RegistryCredential credential, CancellationToken cancellationToken)
    {
        if (credential is { IdentityToken: null, Password: null })
        {
            throw new RegistryException(RegistryFault.Login, $"{Program} cannot store this login: it stores passwords and identity tokens, but the registry accepted the token only as a bearer token.");
        }

        bool isToken = credential.IdentityToken is not null;
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("ServerURL", server);
            json.WriteString("Username", isToken ? TokenUser : credential.UserName ?? "");
            json.WriteString("Secret", isToken ? credential.IdentityToken : credential.Password);
            json.WriteEndObject();
        }

        (int code, _) = await RunAsync("store", Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length), cancellationToken).ConfigureAwait(false);
        if (code != 0)
        {
            throw Failed("store", server, code);
        }
    }

    /// <summary>Erases a login. A missing one is not an error.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>.</exception>
    public async Task EraseAsync(string server, CancellationToken cancellationToken)
    {
        (int code, string answer) = await RunAsync("erase", server, cancellationToken).ConfigureAwait(false);
        if (code != 0 && !IsNone(answer))
        {
            throw Failed("erase", server, code);
        }
    }

    private async Task<(int Code, string Answer)> RunAsync(string action, string input, CancellationToken cancellationToken)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(_file, [action])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardInputEncoding = utf8,
                StandardOutputEncoding = utf8,
            },
        };
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(_timeout);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(time.Token);
        _ = TellLaterAsync(action, ended.Token);
        bool started = false;
        try
        {
            started = process.Start();
            Task<string> answer = ReadAsync(process.StandardOutput, time.Token);
            Task told = process.StandardError.BaseStream.CopyToAsync(Stream.Null, time.Token);
            try
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), time.Token).ConfigureAwait(false);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // The helper did not read all input; the exit code decides.
            }

            string said = await answer.ConfigureAwait(false);
            await told.ConfigureAwait(false);
            await process.WaitForExitAsync(time.Token).ConfigureAwait(false);
            return (process.ExitCode, said);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RegistryException(RegistryFault.Login, string.Create(CultureInfo.InvariantCulture, $"{Program} {action} did not end within {_timeout.TotalSeconds:0.###} s."))
            {
                Remedy = "Run it by hand; its store may have to be unlocked first.",
            };
        }
        catch (Win32Exception e)
        {
            throw new RegistryException(RegistryFault.Login, $"{Program} cannot be run: {e.Message}", e);
        }
        finally
        {
            ended.Cancel();
            if (started && !process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private async Task TellLaterAsync(string action, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(s_quiet, cancellationToken).ConfigureAwait(false);
            _note?.Invoke(new RegistryNote($"Waiting for {Program} {action}; its store may have to be unlocked.", IsWarning: true));
        }
        catch (OperationCanceledException)
        {
            // The helper ended before the note was due.
        }
    }

    private async Task<string> ReadAsync(StreamReader output, CancellationToken cancellationToken)
    {
        var answer = new StringBuilder();
        char[] buffer = new char[4096];
        int count;
        while ((count = await output.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            answer.Append(buffer, 0, count);
            if (answer.Length > LargestAnswer)
            {
                throw new RegistryException(RegistryFault.Login, $"The output of {Program} exceeds the limit of {LargestAnswer} characters.");
            }
        }

        return answer.ToString();
    }

    private RegistryException Failed(string action, string server, int code) =>
        new(RegistryFault.Login, $"{Program} {action} ended with {code}.") { Remedy = $"Run it by hand: echo {server} | {Program} get" };

    private static bool IsNone(string answer) => s_none.Any(words => answer.Contains(words, StringComparison.OrdinalIgnoreCase));

    private static string? Text(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
