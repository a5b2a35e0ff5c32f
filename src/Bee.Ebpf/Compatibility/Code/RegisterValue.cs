namespace Bee.Ebpf;

/// <summary>What is known of a register: nothing, its number, or that it points to something that never changes.</summary>
/// <param name="Form">Which of these.</param>
/// <param name="Number">The number, or the offset of what is pointed to.</param>
/// <param name="Section">For constants the index of their section.</param>
/// <param name="Setting">For kernel settings the name.</param>
internal readonly record struct RegisterValue(RegisterForm Form, long Number = 0, int Section = 0, string? Setting = null)
{
    public static RegisterValue Unknown => default;

    public static RegisterValue Of(long number) => new(RegisterForm.Number, number);

    public bool IsNumber => Form == RegisterForm.Number;
}

/// <summary>The forms of <see cref="RegisterValue"/>.</summary>
internal enum RegisterForm
{
    Unknown,
    Number,
    Constant,
    Setting,
}
