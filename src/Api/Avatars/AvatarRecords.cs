namespace BookIT.Api.Avatars;

/// <summary>One's own new avatar.</summary>
public sealed record AvatarResponse(Guid AvatarId);

/// <summary>The new picture of those who have none of their own, and where to read it.</summary>
public sealed record DefaultAvatarResponse(Guid ImageId, string Url);
