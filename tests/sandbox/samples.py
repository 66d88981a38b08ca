"""Requests that the schemas allow, one or more of each operation, for tests that spoil them."""

from tests.sandbox.asking import MARKER, envelope

ADDRESS = "comp101@groups.example.ac.uk"
_PATHS = (
    '<t:FieldURI FieldURI="item:Subject"/><t:FieldURI FieldURI="calendar:Start"/>'
    f'<t:ExtendedFieldURI {MARKER}/><t:ExtendedFieldURI PropertyTag="0x670A" PropertyType="SystemTime"/>'
    '<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyId="12" PropertyType="Integer"/>'
    '<t:IndexedFieldURI FieldURI="item:InternetMessageHeader" FieldIndex="x"/>'
)
_CALENDAR = '<t:DistinguishedFolderId Id="calendar"><t:Mailbox><t:EmailAddress>a@b.c</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>'
_ITEM = (
    "<t:ItemClass>IPM.Appointment</t:ItemClass><t:Subject>Lecture</t:Subject><t:Sensitivity>Private</t:Sensitivity>"
    '<t:Body BodyType="HTML">&lt;b&gt;x&lt;/b&gt;</t:Body><t:Categories><t:String>A</t:String><t:String>B</t:String></t:Categories>'
    "<t:Importance>Low</t:Importance><t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>15</t:ReminderMinutesBeforeStart>"
    f"<t:ExtendedProperty><t:ExtendedFieldURI {MARKER}/><t:Value>1 x</t:Value></t:ExtendedProperty>"
    '<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="33" PropertyType="StringArray"/><t:Values><t:Value>1</t:Value></t:Values>'
    "</t:ExtendedProperty><t:Culture>en-GB</t:Culture><t:Start>2026-10-05T09:00:00Z</t:Start><t:End>2026-10-05T10:00:00+01:00</t:End>"
    "<t:IsAllDayEvent>false</t:IsAllDayEvent><t:LegacyFreeBusyStatus>Tentative</t:LegacyFreeBusyStatus><t:Location>Room</t:Location>"
    "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:Name>N</t:Name><t:EmailAddress>n@b.c</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType>"
    "</t:Mailbox><t:ResponseType>Accept</t:ResponseType></t:Attendee></t:RequiredAttendees>"
    "<t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Friday</t:DaysOfWeek></t:WeeklyRecurrence>"
    "<t:NumberedRecurrence><t:StartDate>2026-10-05</t:StartDate><t:NumberOfOccurrences>3</t:NumberOfOccurrences></t:NumberedRecurrence>"
    '</t:Recurrence><t:MeetingTimeZone TimeZoneName="UTC"><t:BaseOffset>PT0S</t:BaseOffset></t:MeetingTimeZone>'
    '<t:StartTimeZone Id="UTC"><t:Periods><t:Period Bias="PT0S" Name="S" Id="s"/></t:Periods><t:TransitionsGroups>'
    '<t:TransitionsGroup Id="0"><t:RecurringDayTransition><t:To Kind="Period">s</t:To><t:TimeOffset>PT2H</t:TimeOffset><t:Month>3</t:Month>'
    "<t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence></t:RecurringDayTransition></t:TransitionsGroup></t:TransitionsGroups>"
    '<t:Transitions><t:Transition><t:To Kind="Group">0</t:To></t:Transition></t:Transitions></t:StartTimeZone><t:EndTimeZone Id="UTC"/>'
    "<t:EnhancedLocation><t:DisplayName>R</t:DisplayName><t:PostalAddress><t:Latitude>1.5</t:Latitude>"
    "<t:LocationSource>Device</t:LocationSource></t:PostalAddress></t:EnhancedLocation>"
)
_SHAPE = (
    "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>0</t:IncludeMimeContent><t:BodyType>Text</t:BodyType>"
    f"<t:MaximumBodySize>100</t:MaximumBodySize><t:AdditionalProperties>{_PATHS}</t:AdditionalProperties></m:ItemShape>"
)
_EQUAL = (
    '<t:IsEqualTo><t:FieldURI FieldURI="item:Subject"/><t:FieldURIOrConstant><t:Constant Value="x"/></t:FieldURIOrConstant></t:IsEqualTo>'
)
_SEARCH = (
    f"<t:And>{_EQUAL}<t:Or><t:Not><t:Exists><t:ExtendedFieldURI {MARKER}/></t:Exists></t:Not>"
    '<t:Contains ContainmentMode="Prefixed" ContainmentComparison="IgnoreCase"><t:FieldURI FieldURI="item:Subject"/>'
    '<t:Constant Value="y"/></t:Contains></t:Or><t:Excludes><t:FieldURI FieldURI="item:Size"/><t:Bitmask Value="0xff"/></t:Excludes>'
    "</t:And>"
)

BODIES = {
    "GetFolder": (
        f"<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape><t:AdditionalProperties>{_PATHS}</t:AdditionalProperties>"
        f'</m:FolderShape><m:FolderIds>{_CALENDAR}<t:FolderId Id="AAA" ChangeKey="B"/></m:FolderIds></m:GetFolder>'
    ),
    "FindItem by time": (
        f'<m:FindItem Traversal="Shallow">{_SHAPE}<m:CalendarView MaxEntriesReturned="5" StartDate="2026-01-01T00:00:00Z" '
        f'EndDate="2026-02-01T00:00:00.5+02:00"/><m:ParentFolderIds>{_CALENDAR}</m:ParentFolderIds></m:FindItem>'
    ),
    "FindItem by page": (
        f'<m:FindItem Traversal="Associated">{_SHAPE}<m:IndexedPageItemView MaxEntriesReturned="5" Offset="0" BasePoint="Beginning"/>'
        f'<m:Restriction>{_SEARCH}</m:Restriction><m:SortOrder><t:FieldOrder Order="Descending"><t:FieldURI FieldURI="calendar:End"/>'
        f"</t:FieldOrder></m:SortOrder><m:ParentFolderIds>{_CALENDAR}</m:ParentFolderIds>"
        '<m:QueryString ResetCache="true">x</m:QueryString></m:FindItem>'
    ),
    "FindItem in groups": (
        f'<m:FindItem Traversal="Shallow">{_SHAPE}<m:FractionalPageItemView Numerator="1" Denominator="2"/><m:GroupBy Order="Ascending">'
        '<t:FieldURI FieldURI="item:Subject"/><t:AggregateOn Aggregate="Minimum"><t:FieldURI FieldURI="item:Size"/></t:AggregateOn>'
        f"<t:ItemsPerGroup>3</t:ItemsPerGroup></m:GroupBy><m:ParentFolderIds>{_CALENDAR}</m:ParentFolderIds></m:FindItem>"
    ),
    "GetItem": (
        f'<m:GetItem>{_SHAPE}<m:ItemIds><t:ItemId Id="A"/><t:OccurrenceItemId RecurringMasterId="A" InstanceIndex="2"/>'
        '<t:RecurringMasterItemId OccurrenceId="A"/><t:RecurringMasterItemIdRanges Id="A"><t:Ranges><t:Range Count="2" '
        'Start="2026-01-01T00:00:00"/></t:Ranges></t:RecurringMasterItemIdRanges></m:ItemIds></m:GetItem>'
    ),
    "CreateItem": (
        '<m:CreateItem MessageDisposition="SaveOnly" SendMeetingInvitations="SendToNone"><m:SavedItemFolderId>'
        f"{_CALENDAR}</m:SavedItemFolderId><m:Items><t:CalendarItem>{_ITEM}</t:CalendarItem><t:CalendarItem/></m:Items></m:CreateItem>"
    ),
    "UpdateItem": (
        '<m:UpdateItem ConflictResolution="AutoResolve" SendMeetingInvitationsOrCancellations="SendToNone" SuppressReadReceipts="true">'
        '<m:ItemChanges><t:ItemChange><t:ItemId Id="A" ChangeKey="B"/><t:Updates><t:SetItemField><t:FieldURI FieldURI="item:Subject"/>'
        "<t:CalendarItem><t:Subject>x</t:Subject></t:CalendarItem></t:SetItemField><t:DeleteItemField>"
        f'<t:ExtendedFieldURI {MARKER}/></t:DeleteItemField><t:AppendToItemField><t:FieldURI FieldURI="item:Body"/>'
        '<t:Item><t:Body BodyType="Text">x</t:Body></t:Item></t:AppendToItemField></t:Updates></t:ItemChange></m:ItemChanges>'
        "</m:UpdateItem>"
    ),
    "DeleteItem": (
        '<m:DeleteItem DeleteType="MoveToDeletedItems" SendMeetingCancellations="SendToNone" AffectedTaskOccurrences="AllOccurrences">'
        '<m:ItemIds><t:ItemId Id="A"/></m:ItemIds></m:DeleteItem>'
    ),
    "ConvertId": (
        '<m:ConvertId DestinationFormat="EwsId"><m:SourceIds><t:AlternateId Format="EwsId" Id="A" Mailbox="a@b.c" IsArchive="false"/>'
        '<t:AlternatePublicFolderItemId Format="OwaId" FolderId="A" ItemId="B"/></m:SourceIds></m:ConvertId>'
    ),
    "SyncFolderItems": (
        f"<m:SyncFolderItems>{_SHAPE}<m:SyncFolderId>{_CALENDAR}</m:SyncFolderId><m:SyncState>x</m:SyncState><m:Ignore>"
        '<t:ItemId Id="A"/></m:Ignore><m:MaxChangesReturned>512</m:MaxChangesReturned><m:SyncScope>NormalItems</m:SyncScope>'
        "</m:SyncFolderItems>"
    ),
    "SyncFolderHierarchy": (
        f"<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:SyncFolderId>{_CALENDAR}"
        "</m:SyncFolderId></m:SyncFolderHierarchy>"
    ),
}

_HEADER = (
    '<t:MailboxCulture>en-GB</t:MailboxCulture><t:TimeZoneContext><t:TimeZoneDefinition Id="UTC"/></t:TimeZoneContext>'
    "<t:DateTimePrecision>Seconds</t:DateTimePrecision><t:ManagementRole><t:UserRoles><t:Role>x</t:Role></t:UserRoles></t:ManagementRole>"
    '<t:OpenAsAdminOrSystemService LogonType="Admin" BudgetType="1"><t:ConnectingSID><t:SID>S</t:SID></t:ConnectingSID>'
    "</t:OpenAsAdminOrSystemService>"
)

REQUESTS = {name: envelope(body, mailbox=ADDRESS) for name, body in BODIES.items()}
REQUESTS["headers"] = envelope(BODIES["DeleteItem"], mailbox=ADDRESS, header=_HEADER)
