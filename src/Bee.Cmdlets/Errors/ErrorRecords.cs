using System.Management.Automation;
using Bee.Ebpf;
using Bee.Oci;
using Bee.Oci.Registry;
using Bee.Oci.Signatures;
using Bee.Oci.Trust;
using Bee.Posix;
using Bee.Telemetry.Serving;
using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>Makes error records of what the libraries throw: a stable id, a true category, the input as target, and what to do about it.</summary>
internal static class ErrorRecords
{
    /// <summary>True for what can go wrong with one input; false for what ends the pipeline or is a mistake of Bee's own.</summary>
    public static bool IsExpected(Exception error) => error
        is BeeInputException or CompilationException
        or BpfObjectException or BpfLoadException or PinException or BpfParameterException or ShortRecordException or BpfMapException
        or StoreException or RegistryException or SignatureException or TrustException
        or SettingsException or MetricServerException
        or ToolMissingException or KernelBtfException or ManifestException or SkeletonException
        or IOException or UnauthorizedAccessException or OperationCanceledException or NotSupportedException
        or ItemNotFoundException or System.Management.Automation.DriveNotFoundException;

    /// <summary>The record for an exception.</summary>
    /// <param name="error">What was thrown.</param>
    /// <param name="target">The input it is about.</param>
    public static ErrorRecord From(Exception error, object? target)
    {
        (string id, ErrorCategory category, string? remedy) = Describe(error);
        var record = new ErrorRecord(error, id, category, target is string text && !IsPath(text) ? Redaction.WithoutLogin(text) : target);
        if (!string.IsNullOrEmpty(remedy))
        {
            // Some libraries say the remedy in their message too; here it is shown once.
            string message = error.Message.EndsWith(remedy, StringComparison.Ordinal) ? error.Message[..^remedy.Length].TrimEnd() : error.Message;
            record.ErrorDetails = new ErrorDetails(TerminalText.ShowLines(message)) { RecommendedAction = TerminalText.ShowLines(remedy) };
        }
        else if (TerminalText.ShowLines(error.Message) is var safe && safe != error.Message)
        {
            // Names of processes, files and registries' answers stand in messages; the exception keeps them as they are.
            record.ErrorDetails = new ErrorDetails(safe);
        }

        return record;
    }

    // A file's name may hold an '@'. With a colon it is a path only where it begins as one, or with a provider's name.
    private static bool IsPath(string text)
        => text.StartsWith('/') || text.StartsWith('.') || text.StartsWith('~') || !text.Contains(':')
            || (text.IndexOf("::", StringComparison.Ordinal) is > 0 and var provider && !text.AsSpan(0, provider).Contains('@'));

    private static (string Id, ErrorCategory Category, string? Remedy) Describe(Exception error) => error switch
    {
        BeeInputException input => (input.ErrorId, input.IsMissing ? ErrorCategory.ObjectNotFound : ErrorCategory.InvalidArgument, input.Remedy),
        CompilationException said => ("CompilationFailed", ErrorCategory.ParserError, said.Diagnostic.Remedy),
        BpfObjectException bad => ($"BadObject.{bad.Fault}", ErrorCategory.InvalidData, null),
        BpfLoadException load => ($"LoadFailed.{load.Fault}", Category(load.Fault), load.Remedy),
        PinException pin => ($"Pin.{pin.Fault}", Category(pin.Fault), pin.Remedy),
        BpfParameterException => ("BadParameter", ErrorCategory.InvalidArgument, null),
        BpfMapException entry => ($"MapEntry.{entry.Fault}", Category(entry.Fault), entry.Remedy),
        ShortRecordException => ("ShortRecord", ErrorCategory.InvalidData, null),
        StoreException store => ($"Store.{store.Fault}", Category(store.Fault), null),
        RegistryException registry => ($"Registry.{registry.Fault}", Category(registry.Fault), registry.Remedy),
        TrustException trust => ($"Trust.{trust.Fault}", trust.Fault == TrustFault.BadPolicy ? ErrorCategory.ParserError : ErrorCategory.SecurityError, trust.Remedy),
        SignatureException signature => ($"Signature.{signature.Fault}", Category(signature.Fault), Remedy(signature.Fault)),
        MetricServerException server => ($"MetricServer.{server.Fault}", Category(server.Fault), Remedy(server)),
        ToolMissingException tool => ("ToolMissing", ErrorCategory.NotInstalled, tool.Remedy),
        KernelBtfException btf => ("NoKernelBtf", ErrorCategory.ResourceUnavailable, btf.Remedy),
        SettingsException => ("BadSettings", ErrorCategory.ParserError, null),
        ManifestException => ("BadManifest", ErrorCategory.ParserError, null),
        SkeletonException skeleton => ($"Skeleton.{skeleton.Fault}", ErrorCategory.InvalidArgument, skeleton.Remedy),
        ItemNotFoundException or FileNotFoundException or DirectoryNotFoundException or System.Management.Automation.DriveNotFoundException
            => ("FileNotFound", ErrorCategory.ObjectNotFound, null),
        UnauthorizedAccessException => ("AccessDenied", ErrorCategory.PermissionDenied, null),
        IOException => ("FileError", ErrorCategory.ReadError, null),
        NotSupportedException => ("NotSupported", ErrorCategory.NotImplemented, null),
        _ => ("Unexpected", ErrorCategory.NotSpecified, null),
    };

    private static ErrorCategory Category(LoadFault fault) => fault switch
    {
        LoadFault.LibbpfMissing => ErrorCategory.NotInstalled,
        LoadFault.NoPermission => ErrorCategory.PermissionDenied,
        LoadFault.NoKernelBtf or LoadFault.NoTracefs => ErrorCategory.ResourceUnavailable,
        LoadFault.NoTarget or LoadFault.NoProcess => ErrorCategory.ObjectNotFound,
        LoadFault.Unsupported => ErrorCategory.NotImplemented,
        LoadFault.VerifierRejected => ErrorCategory.SecurityError,
        LoadFault.BadObject => ErrorCategory.InvalidData,
        LoadFault.BadParameter or LoadFault.NoPlace => ErrorCategory.InvalidArgument,
        LoadFault.Busy => ErrorCategory.ResourceBusy,
        LoadFault.MapCreate => ErrorCategory.ResourceUnavailable,
        _ => ErrorCategory.InvalidOperation,
    };

    private static ErrorCategory Category(PinFault fault) => fault switch
    {
        PinFault.NotFound => ErrorCategory.ObjectNotFound,
        PinFault.Exists => ErrorCategory.ResourceExists,
        PinFault.BadPath => ErrorCategory.InvalidArgument,
        PinFault.NotOnBpffs => ErrorCategory.ResourceUnavailable,
        PinFault.Untrusted => ErrorCategory.SecurityError,
        PinFault.Foreign => ErrorCategory.InvalidData,
        PinFault.CannotPin => ErrorCategory.NotImplemented,
        PinFault.InUse => ErrorCategory.ResourceBusy,
        PinFault.NoPermission => ErrorCategory.PermissionDenied,
        _ => ErrorCategory.InvalidOperation,
    };

    private static ErrorCategory Category(MapFault fault) => fault switch
    {
        MapFault.NotFound => ErrorCategory.ObjectNotFound,
        MapFault.Exists => ErrorCategory.ResourceExists,
        MapFault.Full => ErrorCategory.LimitsExceeded,
        MapFault.ReadOnly or MapFault.NoPermission => ErrorCategory.PermissionDenied,
        MapFault.Unsupported => ErrorCategory.NotImplemented,
        MapFault.Other => ErrorCategory.WriteError,
        _ => ErrorCategory.InvalidArgument,
    };

    private static ErrorCategory Category(StoreFault fault) => fault switch
    {
        StoreFault.NotFound or StoreFault.MissingBlob or StoreFault.NoProgram => ErrorCategory.ObjectNotFound,
        StoreFault.NoPermission or StoreFault.ReadOnly => ErrorCategory.PermissionDenied,
        StoreFault.Untrusted or StoreFault.DigestMismatch => ErrorCategory.SecurityError,
        StoreFault.Ambiguous or StoreFault.BadReference or StoreFault.BadPlatform => ErrorCategory.InvalidArgument,
        StoreFault.Busy => ErrorCategory.ResourceBusy,
        StoreFault.Io => ErrorCategory.WriteError,
        _ => ErrorCategory.InvalidData,
    };

    private static ErrorCategory Category(RegistryFault fault) => fault switch
    {
        RegistryFault.Unreachable or RegistryFault.Broken => ErrorCategory.ConnectionError,
        RegistryFault.TimedOut => ErrorCategory.OperationTimeout,
        RegistryFault.Unauthorized => ErrorCategory.AuthenticationError,
        RegistryFault.Denied => ErrorCategory.PermissionDenied,
        RegistryFault.NotFound or RegistryFault.NoPlatform => ErrorCategory.ObjectNotFound,
        RegistryFault.BadName => ErrorCategory.InvalidArgument,
        RegistryFault.Refused or RegistryFault.ServerError => ErrorCategory.ProtocolError,
        RegistryFault.Unsupported => ErrorCategory.NotImplemented,
        RegistryFault.TooManyRequests => ErrorCategory.LimitsExceeded,
        RegistryFault.Certificate or RegistryFault.PlainHttp or RegistryFault.Unsafe or RegistryFault.DigestMismatch => ErrorCategory.SecurityError,
        RegistryFault.Login => ErrorCategory.ReadError,
        _ => ErrorCategory.InvalidData,
    };

    private static ErrorCategory Category(MetricServerFault fault) => fault switch
    {
        MetricServerFault.AddressTaken => ErrorCategory.ResourceBusy,
        MetricServerFault.AddressUnavailable => ErrorCategory.ResourceUnavailable,
        MetricServerFault.Unprotected => ErrorCategory.SecurityError,
        MetricServerFault.InvalidCertificate => ErrorCategory.InvalidData,
        _ => ErrorCategory.InvalidArgument,
    };

    private static string Remedy(MetricServerException server) => server.Fault switch
    {
        MetricServerFault.Unprotected => $"Start-BeeMetricServer takes -Token, -TokenFile, -Certificate or -AllowAnonymous; with -MetricListen the environment variable {MetricAccess.TokenVariable} gives a token.",
        _ => server.Remedy,
    };

    private static ErrorCategory Category(SignatureFault fault) => fault switch
    {
        SignatureFault.PasswordNeeded or SignatureFault.WrongPassword => ErrorCategory.AuthenticationError,
        SignatureFault.UnsupportedKey => ErrorCategory.NotImplemented,
        _ => ErrorCategory.InvalidData,
    };

    private static string? Remedy(SignatureFault fault) => fault is SignatureFault.PasswordNeeded or SignatureFault.WrongPassword
        ? $"Give it with -SignPassword (Read-Host -AsSecureString), or in the environment variable {SigningKeyFile.PasswordVariable}."
        : null;
}
