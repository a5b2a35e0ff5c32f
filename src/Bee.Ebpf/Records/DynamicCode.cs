namespace Bee.Ebpf.Records;

/// <summary>Why members that emit types are marked with <see cref="System.Diagnostics.CodeAnalysis.RequiresDynamicCodeAttribute"/>.</summary>
internal static class DynamicCode
{
    public const string Reason = "The types of events and entries are generated from BTF. Use structs of your own: Events<T>, Map<TKey, TValue>.";
}
